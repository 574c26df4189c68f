import { ConfigReader, type RawConfig, readJsonObject } from '../../hub/index.js';
import { configError } from '../require-class.js';

export type TimestepSpacing = 'trailing' | 'leading' | 'linspace';

/** Noise schedule of a CogVideoX checkpoint; field names are those of scheduler_config.json. */
export interface ScheduleConfig {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly timestepSpacing: TimestepSpacing;
  readonly stepsOffset: number;
  /** ᾱ below level 0 is 1; otherwise ᾱ₀. */
  readonly setAlphaToOne: boolean;
  /** Shift the table so that the last level has no signal at all. */
  readonly rescaleBetasZeroSnr: boolean;
  /** 1 for 5B and 1.5, 3 for 2B. */
  readonly snrShiftScale: number;
  /**
   * The shift of the inverse direction. The same table serves both, so that level t means one noise level;
   * diffusers' DDIMInverseScheduler knows no shift (set 1 to compute as it does; it matters for 2B alone).
   */
  readonly inverseSnrShiftScale: number;
}

/** CogVideoX 1.5-5B. */
export const COGVIDEOX_SCHEDULE: ScheduleConfig = {
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  timestepSpacing: 'trailing',
  stepsOffset: 0,
  setAlphaToOne: true,
  rescaleBetasZeroSnr: true,
  snrShiftScale: 1,
  inverseSnrShiftScale: 1,
};

const CLASSES = ['CogVideoXDDIMScheduler', 'CogVideoXDPMScheduler'];

/**
 * The schedule that scheduler_config.json describes. Its timestep_spacing is replaced by `spacing`: checkpoints carry
 * "linspace" for their own sampler, while DDIM inversion needs evenly spaced levels that end at the last one.
 * Source: diffusers schedulers/scheduling_ddim_cogvideox.py @ 58eb52c0; CogVideo inference/cli_demo.py @ 7a1af715
 * @throws UserError `ERR_CONFIG` for another scheduler, another prediction type or another beta schedule
 */
export function readScheduleConfig(
  raw: RawConfig,
  file: string,
  spacing: TimestepSpacing = 'trailing',
): ScheduleConfig {
  const c = new ConfigReader(raw, file);
  const name = c.string('_class_name');
  if (!CLASSES.includes(name))
    throw configError(
      `Expected ${CLASSES.join(' or ')} for _class_name in ${file} but received "${name}". Give the scheduler folder of a CogVideoX checkpoint.`,
    );
  c.oneOf('prediction_type', ['v_prediction'], 'v_prediction');
  c.oneOf('beta_schedule', ['scaled_linear'], 'scaled_linear');
  const d = COGVIDEOX_SCHEDULE;
  const snrShiftScale = c.float('snr_shift_scale', 3);
  const schedule: ScheduleConfig = {
    numTrainTimesteps: c.int('num_train_timesteps', d.numTrainTimesteps),
    betaStart: c.float('beta_start', d.betaStart),
    betaEnd: c.float('beta_end', d.betaEnd),
    timestepSpacing: spacing,
    stepsOffset: c.int('steps_offset', 0),
    setAlphaToOne: c.bool('set_alpha_to_one', true),
    rescaleBetasZeroSnr: c.bool('rescale_betas_zero_snr', false),
    snrShiftScale,
    inverseSnrShiftScale: snrShiftScale,
  };
  checkNumbers(schedule, file);
  return schedule;
}

/** Most levels that a schedule may have: a table of them is computed before anything is loaded. */
const MAX_LEVELS = 1_000_000;

/** Numbers of which no noise level could be made. */
function checkNumbers({ numTrainTimesteps, betaStart, betaEnd, snrShiftScale }: ScheduleConfig, file: string): void {
  const refuse = (what: string, field: string, received: number) => {
    throw configError(
      `Expected ${what} for ${field} in ${file} but received ${received}. Correct the file, or download the checkpoint again.`,
    );
  };
  if (numTrainTimesteps < 1 || numTrainTimesteps > MAX_LEVELS)
    refuse(`1 to ${MAX_LEVELS}`, 'num_train_timesteps', numTrainTimesteps);
  if (!(betaStart > 0 && betaStart < 1)) refuse('a number between 0 and 1', 'beta_start', betaStart);
  if (!(betaEnd >= betaStart && betaEnd < 1)) refuse('a number from beta_start to below 1', 'beta_end', betaEnd);
  if (!(snrShiftScale > 0)) refuse('a number above 0', 'snr_shift_scale', snrShiftScale);
}

/** Reads DIR/scheduler_config.json. @throws UserError `ERR_CONFIG` */
export function loadScheduleConfig(dir: string, spacing: TimestepSpacing = 'trailing'): ScheduleConfig {
  const file = `${dir}/scheduler_config.json`;
  return readScheduleConfig(readJsonObject(file, 'ERR_CONFIG'), file, spacing);
}
