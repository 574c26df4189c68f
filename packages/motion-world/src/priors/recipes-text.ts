import type { World } from '../generate/index.js';
import { POWERS } from './baselines.js';
import type { RecipeFindings } from './localise-recipes.js';
import type { Mean } from './mean.js';

const plus = ({ mean, interval }: Mean): string => `${mean.toFixed(2)} ± ${interval.toFixed(2)}`;
const powers = (name: string): string[] => POWERS.map((power) => (power === 1 ? name : `${name} ^${power}`));

/** The findings as a Markdown table. */
export function recipesText({ clips, found }: RecipeFindings, world: World): string {
  const head = ['prior', 'lift', 'still words', 'peak on mover', ...powers('cosine'), ...powers('KL')];
  const rows = [...found].map(([name, { lift, hit, cosine, divergence }]) => [
    name,
    `${plus(lift.mover)} / ${plus(lift.motion)}`,
    plus(lift.static),
    `${(100 * hit.mean).toFixed(0)} %`,
    ...POWERS.map((p) => `${cosine.mover.get(p)!.mean.toFixed(2)} / ${cosine.motion.get(p)!.mean.toFixed(2)}`),
    ...POWERS.map((p) => plus(divergence.get(p)!)),
  ]);
  return [
    `World ${world}, ${clips} clips with a mover. Words of the mover / of its motion; lift and peak on the prior's grid; cosine to the mask and KL(map ‖ mask) in nats on the VLM's, of the map and of its powers. Means and 95 % intervals over words.`,
    '',
    ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
