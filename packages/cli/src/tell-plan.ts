import { type PriorPlan, priorPlanText } from '@motion-enhancer/core/internal/prior/memory-plan.js';
import type { Progress } from './progress.js';

/** The plan as the command's result, for `--plan`. */
export function printPlan(plan: PriorPlan, json: boolean): void {
  if (json) console.log(JSON.stringify({ type: 'plan', ...plan }));
  else for (const line of priorPlanText(plan)) console.log(line);
}

/** Logs what a run will need, before anything of it is loaded. */
export function logPlan(progress: Progress, plan: PriorPlan, json: boolean): void {
  if (json) progress.log(JSON.stringify({ type: 'plan', ...plan }));
  else for (const line of priorPlanText(plan)) progress.log(line);
}
