export * from './alpha-bar.js';
export * from './ddim-schedule.js';
export * from './schedule-config.js';
