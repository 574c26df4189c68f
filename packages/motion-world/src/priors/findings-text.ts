import { ARMS } from './arms.js';
import type { Findings } from './localise.js';
import type { Mean } from './mean.js';

const plus = ({ mean, interval }: Mean, digits = 2): string => `${mean.toFixed(digits)} ± ${interval.toFixed(digits)}`;
const percent = ({ mean }: Mean): string => `${(100 * mean).toFixed(0)} %`;

/** The findings as Markdown tables. */
export function findingsText(found: Findings, weights: 'trained' | 'random'): string {
  const { clips, uniformHit, perfect, arms, scores, units, fixed } = found;
  const lines = [
    `${clips} clips with a mover, ${weights === 'random' ? 'UNTRAINED random weights' : 'trained weights'}. Lift: share of a word's map on the mover ÷ the mover's share of the video (uniform 1, best possible ${perfect.mean.toFixed(1)}); peak: how often its largest cell is at least a quarter mover (uniform ${percent(uniformHit)}). Means and 95 % intervals.`,
    '',
    '| arm | lift, mover’s words | lift, motion words | lift, words of still things | peak on mover | AUC of MS |',
    '|---|---|---|---|---|---|',
    `| uniform | 1 | 1 | 1 | ${percent(uniformHit)} | 0.5 |`,
    ...ARMS.map(({ name }) => {
      const { mover, motion, still, hit, ms } = arms.get(name)!;
      return `| ${name} | ${plus(mover)} | ${plus(motion)} | ${plus(still)} | ${percent(hit)} | ${plus(ms)} |`;
    }),
    '',
    'Rank correlation (Spearman, over units within a clip) of each label-free score with the lift of the mover’s words:',
    '',
    '| maps, units | DFC | TCS | DSR | MHS | focus | change |',
    '|---|---|---|---|---|---|---|',
  ];
  const groups = [...new Set([...scores.keys()].map((key) => key.replace(/ \S+$/, '')))];
  for (const group of groups) {
    const row = ['dfc', 'tcs', 'dsr', 'mhs', 'focus', 'change'].map((name) => plus(scores.get(`${group} ${name}`)!));
    lines.push(`| ${group} | ${row.join(' | ')} |`);
  }
  lines.push(
    '',
    'The (layer, head) units with the largest mean lift, and those that change most on train clips (`fixed`):',
    '',
  );
  for (const [key, means] of units) {
    const heads = Math.round(means.length / 8);
    const name = (u: number) => `${Math.floor(u / heads)}.${u % heads}`;
    const best = [...means.keys()].sort((a, b) => means[b]!.mean - means[a]!.mean).slice(0, 4);
    const say = (list: readonly number[]) => list.map((u) => `${name(u)} (${means[u]!.mean.toFixed(1)})`).join(', ');
    lines.push(`- ${key}: best ${say(best)}; chosen ${say(fixed.get(key) ?? [])}`);
  }
  return lines.join('\n');
}
