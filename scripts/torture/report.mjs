import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';

const WORDS = {
  nth: 'killed at the n-th change of a file (a write may be torn), twice',
  random: 'killed at a random moment, twice',
  pair: 'two processes at once, each killed at a random moment, twice',
  full: 'the disk is full from the n-th write on',
  flip: 'a byte flipped in',
  mutant: 'mutated',
};
const NAMES = { nth: 'kills', random: 'kills', pair: 'kills', full: 'refusals', flip: 'noticed', mutant: 'refused' };

const commitOf = () => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};
/** As it is when the run begins. */
const COMMIT = commitOf();

/** The table as Markdown. */
export function report({ rows, seconds, seed, wholes, lanes }) {
  const lines = [
    '# Torture',
    '',
    `\`npm run torture\` (seed ${seed}, ${Math.round(seconds)} s, ${lanes} at a time), commit ${COMMIT}, ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}.`,
    'What each line means and what is promised: [reliability.md](../../docs/reliability.md). An undisturbed run: ' +
      `${Object.entries(wholes)
        .map(([name, { ms, calls }]) => `${name} ${(ms / 1000).toFixed(1)} s and ${calls} changes of files`)
        .join(', ')}.`,
    '',
    '| what was done | to | trials | of them | wrong |',
    '| --- | --- | --- | --- | --- |',
  ];
  for (const { what, of, trials, inner, harmless, wrong } of rows) {
    const more =
      harmless === undefined ? '' : what === 'mutant' ? `, ${harmless} read` : `, ${harmless} without effect`;
    lines.push(`| ${WORDS[what]} | ${of} | ${trials} | ${inner} ${NAMES[what]}${more} | ${wrong.length} |`);
  }
  const sum = (kind) => rows.filter(({ what }) => kind.includes(what));
  const total = (kind, field) =>
    sum(kind).reduce((n, row) => n + (field === 'wrong' ? row.wrong.length : row[field]), 0);
  const ended = ['nth', 'random', 'pair'];
  lines.push(
    '',
    `${total(ended, 'trials')} runs that were killed ${total(ended, 'inner')} times ended equal but for ${total(ended, 'wrong')}; of ${total(['flip'], 'trials')} flipped bytes ${total(['flip'], 'wrong')} were silent or untyped; of ${total(['mutant'], 'trials')} mutated inputs ${total(['mutant'], 'wrong')} ended in an untyped error, a crash or no end.`,
  );
  const wrong = rows.flatMap(({ what, of, wrong }) =>
    wrong.map((text) => `- ${WORDS[what]}: ${of}: ${text.replaceAll('\n', ' ')}`),
  );
  if (wrong.length > 0) lines.push('', 'What was wrong:', '', ...wrong.slice(0, 40));
  return `${lines.join('\n')}\n`;
}
