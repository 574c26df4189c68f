// A sixth benchmark, outside the project's sources: which colour is seen? `toy.json` beside its videos holds a list of
// {id, video, kind, question, options, answer}. Loaded by tests, and as `--plugin test/plugins/toy-benchmark.mjs`.
import { dirname } from 'node:path';

export default function register({ core }) {
  const { findFile, LETTERS, letterProtocol, MediaFinder, readJsonFile, RowCollector, registerBenchmark } = core;

  function load(data, split) {
    const file = findFile(data, ['toy.json'], 'the toy benchmark');
    const videos = new MediaFinder(dirname(file), ['videos', '.']);
    const rows = new RowCollector();
    for (const [i, row] of readJsonFile(file).entries()) {
      if (split !== 'all' && split !== row.kind) continue;
      rows.count(row.kind);
      rows.add(i + 1, () => [questionOf(row, videos, i + 1)]);
    }
    return rows.end('toy', split, file);
  }

  function questionOf({ id, video, kind, question, options, answer }, videos, line) {
    if (!options.includes(answer)) throw new Error(`${id}: its answer is none of its options`);
    return {
      ...{ id, benchmark: 'toy', type: kind, tags: {}, medium: { type: 'video', path: videos.find(video) } },
      ...{ question, options, letters: LETTERS.slice(0, options.length), answer },
      ...{ subtitles: null, annotation: null, line },
    };
  }

  registerBenchmark({
    name: 'toy',
    splits: ['all', 'still', 'moving'],
    load,
    published: { all: { total: 3, types: { still: 1, moving: 2 }, source: 'this file' } },
    protocols: [
      {
        ...letterProtocol('toy'),
        name: 'official',
        version: 1,
        earlier: [],
        description: 'the first character of the reply',
        source: 'this file',
        prompt: ({ question, options }) => ({ text: `${question} ${options.join(' or ')}?` }),
        judge: 'lmms-first-char',
      },
      letterProtocol('toy'),
    ],
    layout: {
      types: [
        { key: 'still', name: 'still', total: 1 },
        { key: 'moving', name: 'moving', total: 2 },
      ],
    },
    official: (answers) => ({ answered: [...answers.values()].filter(({ output }) => output !== null).length }),
    submission: (answers) => ({
      name: 'toy-submission.txt',
      text: [...answers.values()].map(({ id, chosen }) => `${id} ${chosen ?? '-'}\n`).join(''),
    }),
    reported: {
      columns: ['overall'],
      rows: () => [
        {
          ...{ model: 'Nobody-0B', series: null, frames: null, reproduced: null },
          numbers: { overall: { origin: 'reported', percent: 50 } },
        },
      ],
    },
  });
}
