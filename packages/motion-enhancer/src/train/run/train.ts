// Fine-tunes a VLM with its text → video attention pulled toward motion priors (Section 4.4, Eq 15–16):
//   motion-enhancer train run.yaml
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setNumerics } from '@motion-enhancer/libtorch';
import type { BadRow, Row, TakenSet } from '../../data/rows.js';
import type { Vlm } from '../../vlm/index.js';
import { coverage, wordsOf } from '../data/alignment-notes.js';
import { batches, disposeSample, samplesAhead } from '../data/batch.js';
import { trainingOrder } from '../data/order.js';
import type { PriorIndex } from '../data/prior-index.js';
import { mediaReaders } from '../data/read-media.js';
import { meanRowSum, scaledTo } from '../loss/row-sum.js';
import { freezeParts } from '../optim/groups.js';
import type { Recipe } from '../recipe.js';
import { RunLog } from '../record/run-log.js';
import type { StepLog } from '../record/step-log.js';
import { checkFrames, checkRun } from './check-run.js';
import { exportRun } from './export-run.js';
import { provenanceOf } from './provenance.js';
import { startRun } from './run-folder.js';
import { Trainer } from './trainer.js';
import { planTrainingMemory } from './training-memory.js';

export type { StepLog } from '../record/step-log.js';

export interface TrainOptions {
  vlm: Vlm;
  rows: readonly Row[];
  /** Where the rows come from, and which rows of the files are malformed: written into the run's folder. */
  sets?: readonly TakenSet[];
  malformed?: readonly BadRow[];
  priors: string | null;
  /** What `checkRun` found, where it was asked before the model was loaded. */
  index?: PriorIndex | null;
  /** Folder of the run. */
  out: string;
  recipe: Recipe;
  /** Go on from the newest state in `out`, if there is one. */
  resume?: boolean;
  /** All settings of the run, for RUN/run.yaml. */
  settings?: Readonly<Record<string, unknown>>;
  /** Ends the run after the step in flight, with a state to go on from. */
  signal?: AbortSignal;
  onStep?(log: StepLog, total: number): void;
  onWarning?(message: string): void;
  /** Told once, before the first step and after the last. */
  onNote?(message: string): void;
}

export interface TrainResult {
  /** Steps done, earlier parts of the run included. */
  steps: number;
  total: number;
  log: StepLog[];
  /** The exported folder, written at the end of a run that was not stopped before. */
  checkpoint: string;
  finished: boolean;
  /** The last saved state, if any. */
  state: string | null;
  skipped: number;
}

/**
 * Runs the recipe: RUN/checkpoint (Hugging Face layout), RUN/aligner.safetensors, RUN/log.jsonl, RUN/tensorboard,
 * RUN/run.json, RUN/run.yaml, RUN/states.
 * @throws UserError ERR_VALUE, ERR_PRIOR, ERR_DATA, ERR_RUN (a state of another run), ERR_WRITE, ERR_NOT_FINITE
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { vlm, rows, out, recipe, signal, onStep, onWarning, onNote } = options;
  const index = options.index === undefined ? checkRun(options) : options.index;
  checkFrames(vlm, rows, recipe);
  if (index) onNote?.(coverage(rows, index));
  const total =
    recipe.steps > 0 ? recipe.steps : Math.max(1, Math.ceil(Math.ceil(rows.length / recipe.batchSize) * recipe.epochs));
  const order = trainingOrder(rows.length, total * recipe.batchSize, recipe.seed);
  startRun({ ...options, total, grid: index?.grid ?? null });

  freezeParts(vlm.model, recipe.freeze);
  const memory = planTrainingMemory(vlm.model.parameters().values(), recipe, vlm.device);
  if (memory) onNote?.(memory);
  const trainer = new Trainer({ vlm, rows, recipe, index, out, total });
  if (recipe.deterministic) setNumerics('repeatable', true);
  try {
    const start = options.resume ? trainer.resume(onWarning) : null;
    const measured = index && recipe.priorScale === 'share' && !start;
    if (measured) trainer.rowSum = await meanRowSum({ vlm, rows, order, recipe, index, ...(onNote ? { onNote } : {}) });
    else if (trainer.rowSum !== null) onNote?.(`${scaledTo(trainer.rowSum)}, as it was measured before the first step`);
    const log = new RunLog(out, trainer.step);
    const readers = mediaReaders(vlm, recipe.workers, samplesAhead(recipe));
    const next = batches({
      ...{ vlm, rows, order, recipe: { ...recipe, rowSum: trainer.rowSum }, index, read: readers.read },
      ...(start ? { start } : {}),
      ...(onWarning ? { onWarning } : {}),
    });
    let state: string | null = null;
    const save = () => {
      state = trainer.save(next.where());
    };
    try {
      trainer.checkDisk();
      while (trainer.step < total && !signal?.aborted) {
        const began = performance.now();
        const batch = await next(recipe.batchSize);
        try {
          const entry = trainer.run(batch, began);
          log.add(entry);
          onStep?.(entry, total);
        } finally {
          batch.forEach(disposeSample);
        }
        if (recipe.saveEvery > 0 && trainer.step % recipe.saveEvery === 0 && trainer.step < total) save();
        // Signals and decoders need a turn of the event loop.
        await setImmediate();
      }
      const stopped = trainer.step < total;
      if (index) onNote?.(wordsOf(log.steps));
      if (stopped) save();
      trainer.checkFinite();
      const about = () => provenanceOf({ ...options, index, log: log.steps, broken: next.broken.size });
      if (!stopped) exportRun(out, vlm, index ? trainer.aligner : null, about());
      const checkpoint = join(out, 'checkpoint');
      const skipped = next.broken.size;
      return { steps: trainer.step, total, log: log.steps, checkpoint, finished: !stopped, state, skipped };
    } finally {
      // Threads first: what they still read is given up.
      await readers.close();
      await next.close();
    }
  } finally {
    if (recipe.deterministic) setNumerics('repeatable', false);
    trainer.dispose();
  }
}
