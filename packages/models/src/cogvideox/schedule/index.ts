export { alphaBarTable } from './alpha-bar.js';
export { DdimSchedule, type StepCoefficients } from './ddim-schedule.js';
export {
  COGVIDEOX_SCHEDULE,
  loadScheduleConfig,
  readScheduleConfig,
  type ScheduleConfig,
  type TimestepSpacing,
} from './schedule-config.js';
