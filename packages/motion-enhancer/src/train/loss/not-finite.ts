import { hostname } from 'node:os';
import { join } from 'node:path';
import { noGrad, type ProcessGroup, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError, writeText } from '@motion-enhancer/support';
import type { PreparedSample } from '../data/prepared-sample.js';
import type { BatchLosses } from './run-step.js';

export interface FailedStep {
  /** Folder of the run. */
  run: string;
  step: number;
  batch: readonly PreparedSample[];
  losses: BatchLosses;
  /** Of the gradients. */
  norm: number;
  /** What is trained, by name. */
  named: readonly (readonly [string, Tensor])[];
  /** Losses and samples are then of this rank. */
  group?: ProcessGroup;
}

/**
 * A step that is not a number would poison every weight: it is written down, and nothing of it is kept.
 * @returns the error to throw
 */
export function notFinite({ run, step, batch, losses, norm, named, group }: FailedStep): UserError {
  const bad = (pick: (p: Tensor) => Tensor | null) =>
    scope(() => named.flatMap(([name, p]) => (finite(pick(p)) ? [] : [name])));
  const dump = {
    step,
    losses: { ar: String(losses.ar), align: String(losses.align) },
    gradNorm: String(norm),
    gradientsNotFinite: bad((p) => p.grad),
    weightsNotFinite: bad((p) => p),
    samples: batch.map(({ row, chat, prior }) => ({
      id: row.id,
      video: row.video,
      tokens: chat.ids.length,
      ids: chat.ids,
      labels: chat.labels,
      media: chat.media.map(({ type, grid }) => ({ type, grid })),
      pixelsFinite: chat.inputs.every(({ pixels }) => finite(pixels)),
      priorFinite: prior ? finite(prior.rows_WS) : null,
      words: prior?.words ?? null,
    })),
  };
  const among = group && group.size > 1 ? group : null;
  const path = join(run, `not-finite-step-${step}${among ? `-rank-${among.rank}` : ''}.json`);
  writeText(path, `${JSON.stringify(dump, null, 2)}\n`);
  return new UserError(
    `Step ${step} gave a loss or gradient that is not finite (${among ? `rank ${among.rank} on ${hostname()}, ${Number.isFinite(losses.ar + losses.gated) ? 'whose losses are finite, ' : ''}` : ''}samples ${batch.map(({ row }) => row.id).join(', ')}). Its weights are not saved; what it saw is in ${path}. Lower lr, or look at these samples; --resume goes on from the last saved state.`,
    { code: 'ERR_NOT_FINITE' },
  );
}

/** The last update is judged here: nothing but numbers is saved. */
export function checkFinite(parameters: readonly Tensor[]): void {
  if (!parameters.every(finite))
    throw new UserError('The last step left weights that are not finite: no checkpoint was written. Lower lr.', {
      code: 'ERR_NOT_FINITE',
    });
}

const finite = (p: Tensor | null): boolean => p === null || noGrad(() => scope(() => p.isfinite().all().item())) === 1;
