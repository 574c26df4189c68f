import type { Fields, Values } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS, WORKER_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import {
  type Benchmark,
  benchmarkOf,
  benchmarks,
  loadBenchmark,
} from '@motion-enhancer/core/internal/eval/benchmarks/index.js';
import { judgeOf } from '@motion-enhancer/core/internal/eval/judges/index.js';
import { protocolOf } from '@motion-enhancer/core/internal/eval/prompts/index.js';
import { mergeRuns } from '@motion-enhancer/core/internal/eval/run/merge-runs.js';
import { runEval } from '@motion-enhancer/core/internal/eval/run/run-eval.js';
import { BASELINES, repositoryOf } from '@motion-enhancer/core/internal/eval/systems.js';
import { loadVlm, VIDEO_FIELDS } from '@motion-enhancer/core/internal/vlm/index.js';
import { VLM_FILES } from '@motion-enhancer/models';
import { expected, parseShard, UserError } from '@motion-enhancer/support';
import { checkpointText } from '../checkpoint-text.js';
import { answerReporter, reportScore } from '../eval-progress.js';
import { changedSettings, FAVOR_DICTIONARY_FIELD, settingsOfRun } from '../eval-settings.js';
import { fetchCheckpoint } from '../fetch-checkpoint.js';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import { startOwnGroup, startsOwnGroup } from '../start-own-group.js';
import { stopOnSignal } from '../stop-on-signal.js';
import { GENERATION_FIELDS, RANDOM_WEIGHTS_NOTE } from '../talk-options.js';
import { type WorkerPlace, workerPlace } from '../worker-place.js';
import type { Command } from './registry.js';

/** `a, b or c` */
const listText = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
const NAMES = benchmarks().map(({ name }) => name);
const SPLITS = benchmarks()
  .filter(({ splits }) => splits.length > 1)
  .map(({ name, splits: [first, ...more] }) => `${name}: ${listText([`${first} (default)`, ...more])}`)
  .join('; ');

const FIELDS = {
  vlm: {
    type: 'path',
    default: '',
    get text() {
      return `${checkpointText()}, or a baseline of the paper by name: ${BASELINES.map(({ name }) => name).join(', ')}`;
    },
  },
  bench: { type: 'string', default: '', text: listText(NAMES) },
  data: {
    type: 'path',
    default: '',
    text: 'Folder of the benchmark as its authors publish it, or its questions’ file',
  },
  out: {
    type: 'path',
    default: '',
    required: true,
    text: 'Folder of the run: run.json, answers.jsonl, scores; a run that is there goes on',
  },
  protocol: {
    type: 'string',
    default: 'official',
    text: 'Whose prompt, frames, decoding and judge: official, lmms-eval, vlmevalkit, motionsight, letter (ours), loss-ranking; options given here override it and are reported',
  },
  judge: { type: 'string', default: '', text: 'Another judge or parser for the verdict than the protocol’s' },
  split: {
    type: 'string',
    default: '',
    text: SPLITS,
  },
  types: { type: 'strings', default: [], text: 'Questions of this type only' },
  limit: { type: 'integer', default: 0, min: 0, text: 'The first N questions; 0: all' },
  subtitles: { type: 'boolean', default: false, text: 'Video-MME with the subtitles of the frames that are seen' },
  favorDictionary: FAVOR_DICTIONARY_FIELD,
  batch: { type: 'integer', default: 0, min: 0, text: 'Questions answered at once; 0: 16 on a GPU, 4 on a CPU' },
  workers: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'Threads that read media ahead; 0: as the cores allow, at most 8',
  },
  shard: {
    type: 'string',
    default: '',
    text: 'i/n answers the questions of every n-th video from the i-th on, i from 0; shards may share --out',
  },
  merge: { type: 'paths', default: [], text: 'Instead of a run: folders of shards to be put together into --out' },
  framePictures: {
    type: 'boolean',
    default: true,
    text: 'Keep small pictures of the frames, for the pages of compare',
  },
  retryErrors: { type: 'boolean', default: false, text: 'Ask again what ended in an error, as a broken video' },
  allowCounts: { type: 'boolean', default: false, text: 'Take files that are not as published: their counts differ' },
  allowMissing: { type: 'boolean', default: false, text: 'Take missing videos: their questions count as wrong' },
  ...GENERATION_FIELDS,
  ...VIDEO_FIELDS,
  ...DEVICE_FIELDS,
  ...WORKER_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

/** Exit code of a run that a signal ended. */
const INTERRUPTED = 130;
const BATCH = { gpu: 16, cpu: 4 };

export const command: Command = {
  name: 'eval',
  async run(argv) {
    const usage =
      '--vlm DIR --bench NAME --data DIR --out RUN [options]\n\nAnswers and scores a benchmark. A killed run goes on where it stopped: give the same command again.';
    const parsed = parseCommand('eval', usage, FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    if (values.merge.length > 0) {
      const { answers, left, damaged } = mergeRuns(values.merge, values.out);
      if (damaged > 0) console.error(`note: ${damaged} damaged lines of answers are left out`);
      if (!values.json) console.log(`merged ${values.merge.length} runs: ${answers} answers, ${left} questions left`);
      return await reportScore(values.out, values);
    }
    if (!startsOwnGroup(values)) return evaluate(values, argv);
    if (values.shard !== '')
      throw expected('nothing with gpus or processes', 'shard', values.shard, 'They take a shard each.');
    // The checkpoint is there before several processes look for it.
    if (values.vlm !== '') await fetchCheckpoint(repositoryOf(values.vlm), { files: VLM_FILES, json: values.json });
    const code = await startOwnGroup('eval', argv, values);
    return code === 0 ? await reportScore(values.out, values) : code!;
  },
};

async function evaluate(values: Values<typeof FIELDS>, argv: readonly string[]): Promise<number> {
  for (const name of ['vlm', 'bench', 'data'] as const)
    if (values[name] === '')
      throw new UserError(`Expected a text for ${name} but received nothing. It is: ${FIELDS[name].text}.`, {
        code: 'ERR_VALUE',
      });
  // Mistakes are reported before anything is loaded.
  const benchmark = benchmarkOf(values.bench);
  const protocol = protocolOf(benchmark.name, values.protocol);
  if (values.judge !== '') judgeOf(values.judge);
  const place = workerPlace(values.device);
  const shard = parseShardOf(place, values.shard);
  checkApplies(benchmark, values);
  const device = resolveRun({ ...values, device: place.device });
  const loaded = await loadBenchmark(benchmark.name, values.data, values);
  const dir = await fetchCheckpoint(repositoryOf(values.vlm), { files: VLM_FILES, json: values.json });
  const progress = createProgress({
    label: place.size > 1 ? `eval, process 1 of ${place.size}` : 'eval',
    unit: 'questions',
    json: values.json,
    ...(device.device === 'cpu' ? {} : { device: device.device }),
    ...(place.stream ? { stream: place.stream } : {}),
  });
  for (const { line, reason } of loaded.bad)
    progress.log(`row ${line} of ${loaded.file} is malformed and left out: ${reason}`);
  for (const note of loaded.notes) progress.log(`note: ${note}`);
  const stop = stopOnSignal((signal) =>
    progress.log(`${signal}: the batch in flight is finished and written; a second signal ends the run at once`),
  );
  try {
    progress.stage('load');
    const vlm = loadVlm(dir, device);
    try {
      if (vlm.weights === 'random') progress.log(RANDOM_WEIGHTS_NOTE);
      const given = changedSettings(argv, FIELDS);
      const { video, decoding, changed } = settingsOfRun(protocol, vlm.family.traits, values, given);
      const reporter = answerReporter(progress, values.json);
      const { total, before, answered, ids } = await runEval({
        vlm,
        loaded,
        protocol,
        judge: values.judge,
        video,
        decoding,
        changed,
        subtitles: values.subtitles,
        types: values.types,
        limit: values.limit,
        shard,
        batch: values.batch || (device.device === 'cpu' ? BATCH.cpu : BATCH.gpu),
        workers: values.workers,
        pictures: values.framePictures,
        retryErrors: values.retryErrors,
        out: values.out,
        signal: stop.signal,
        ...reporter,
      });
      const stopped = stop.signal.aborted && before + answered < total;
      progress.finish(
        `${stopped ? 'interrupted: ' : ''}${answered} answered, ${before} before, ${total - before - answered} left`,
      );
      if (stopped) return INTERRUPTED;
      // Of several processes, whoever started them reports the score of all.
      return place.size > 1 ? 0 : await reportScore(values.out, values, ids);
    } finally {
      vlm.dispose();
    }
  } finally {
    stop.dispose();
  }
}

/** @throws UserError ERR_VALUE: an option of benchmarks of another kind */
function checkApplies(
  { name, subtitles, score }: Benchmark,
  given: { subtitles: boolean; favorDictionary: string },
): void {
  if (given.subtitles && !subtitles) {
    const those = benchmarks().filter((one) => one.subtitles);
    throw new UserError(
      `Expected ${listText(those.map((one) => one.name))} for subtitles but received ${name}, which has none. Leave --subtitles out.`,
      { code: 'ERR_VALUE' },
    );
  }
  if (given.favorDictionary !== '' && !score)
    throw new UserError(
      `Expected no word lists for ${name}, which reads none, but received ${given.favorDictionary}. Leave --favor-dictionary out.`,
      { code: 'ERR_VALUE' },
    );
}

/** Of several processes each has a shard. */
function parseShardOf({ rank, size }: WorkerPlace, asked: string): string {
  const shard = size > 1 ? `${rank}/${size}` : asked;
  parseShard(shard);
  return shard;
}
