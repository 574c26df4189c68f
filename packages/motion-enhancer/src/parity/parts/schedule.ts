import { join } from 'node:path';
import { scope, stack, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { DdimSchedule } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import { attempt } from '../attempt.js';
import { compare, compareExact } from '../compare.js';
import { readJson } from '../golden-file.js';
import type { ParityContext, ParityPart, Tolerance } from '../part.js';

/** One entry of schedule.json, named `snrS_stepsN`. */
interface Case {
  timesteps?: number[];
  inverse_timesteps?: number[];
  alphas_cumprod?: number[];
  x: number[];
  v: number[];
  /** One row per timestep. */
  forward?: number[][] | null;
  inverse?: number[][] | null;
}

const FLOAT64: Tolerance = { abs: 1e-10, rel: 0 };
/** diffusers' inverse scheduler keeps its table in float32. */
const FLOAT32_TABLE: Tolerance = { abs: 1e-5, rel: 0 };

/** Noise levels and DDIM steps in both directions against diffusers' schedulers. */
export const schedulePart: ParityPart = {
  name: 'schedule',
  needs: ['schedule.json'],
  run(dir, context) {
    const file = join(dir, 'schedule.json');
    for (const [name, one] of Object.entries(readJson(file)))
      attempt(`schedule/${name}`, context.report, () => checkCase(name, one as Case, file, context));
  },
};

function checkCase(name: string, c: Case, file: string, context: ParityContext): void {
  const sizes = /^snr([\d.]+)_steps(\d+)$/.exec(name);
  if (!sizes)
    throw new UserError(`Expected names such as snr1_steps5 in ${file} but received "${name}".`, { code: 'ERR_VALUE' });
  const steps = Number(sizes[2]);
  const schedule = new DdimSchedule({ snrShiftScale: Number(sizes[1]) });
  const at = `schedule/${name}`;
  const timesteps = schedule.timesteps(steps);
  const ascending = schedule.inverseTimesteps(steps);
  if (c.timesteps) context.report(compareExact(`${at}/timesteps`, timesteps, c.timesteps));
  if (c.inverse_timesteps) context.report(compareExact(`${at}/inverse_timesteps`, ascending, c.inverse_timesteps));
  scope(() => {
    const wide = (values: number[] | number[][]) => tensor(values, { dtype: 'float64' });
    const rows = (levels: number[], step: (t: number) => Tensor) => stack(levels.map(step));
    if (c.alphas_cumprod) {
      const levels = wide(timesteps.map((t) => schedule.alphaBar(t)));
      context.report(compare(`${at}/alphas_cumprod`, levels, wide(c.alphas_cumprod), FLOAT64));
    }
    if (!c.forward && !c.inverse) return;
    const [x, v] = [wide(c.x), wide(c.v)];
    if (c.forward) {
      const ours = rows(timesteps, (t) => schedule.step(v, t, x, steps));
      context.report(compare(`${at}/forward`, ours, wide(c.forward), FLOAT64));
    }
    if (c.inverse) {
      const ours = rows(ascending, (t) => schedule.inverseStep(v, t, x, steps));
      context.report(compare(`${at}/inverse`, ours, wide(c.inverse), FLOAT32_TABLE));
    }
  });
}
