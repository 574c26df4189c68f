import type { World } from '../generate/index.js';
import { type BaselineFindings, POWERS } from './baselines.js';
import type { Mean } from './mean.js';

const plus = ({ mean, interval }: Mean, digits = 2): string => `${mean.toFixed(digits)} ± ${interval.toFixed(digits)}`;
const powers = (name: string): string[] => POWERS.map((power) => (power === 1 ? name : `${name} ^${power}`));

/** The findings as a Markdown table. */
export function baselinesText({ clips, found, uniform }: BaselineFindings, world: World): string {
  const head = ['map', 'camera', 'clips', 'lift', 'peak on mover', ...powers('cosine'), ...powers('KL')];
  const rows = [...found].flatMap(([baseline, byCamera]) =>
    [...byCamera]
      .sort(([a], [b]) => Number(b === 'all') - Number(a === 'all') || a.localeCompare(b))
      .map(([camera, { lift, hit, cosine, divergence }]) => [
        baseline,
        camera,
        `${clips.get(camera)}`,
        plus(lift),
        `${(100 * hit.mean).toFixed(0)} %`,
        ...POWERS.map((power) => plus(cosine.get(power)!)),
        ...POWERS.map((power) => plus(divergence.get(power)!)),
      ]),
  );
  return [
    `World ${world}, ${clips.get('all') ?? 0} clips with a mover. Lift and peak on the prior's grid; cosine to the mask and KL(map ‖ mask) in nats on the VLM's, of the map and of its powers (an even map's cosine: ${plus(uniform)}). Means and 95 % intervals.`,
    '',
    ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
