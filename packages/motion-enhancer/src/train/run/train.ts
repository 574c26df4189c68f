// Fine-tunes a VLM with its text → video attention pulled toward motion priors (Section 4.4, Eq 15–16):
//   motion-enhancer train run.yaml
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { broadcastJson, type ProcessGroup, setNumerics, soloGroup } from '@motion-enhancer/libtorch';
import { type Claim, makeFolder, refreshClaim, releaseClaim } from '@motion-enhancer/support';
import type { BadRow, Row, TakenSet } from '../../data/rows.js';
import type { Vlm } from '../../vlm/index.js';
import { coverage, wordsOf } from '../data/alignment-notes.js';
import { disposeSample, type PreparedSample, samplesAhead } from '../data/batch.js';
import { trainingOrder } from '../data/order.js';
import type { PriorIndex } from '../data/prior-index.js';
import { mediaReaders } from '../data/read-media.js';
import { meanRowSum, scaledTo } from '../loss/row-sum.js';
import { freezeParts } from '../optim/groups.js';
import type { BlockGates } from '../parallel/block-gates.js';
import { checkGroup } from '../parallel/check-group.js';
import type { Sharding } from '../parallel/choose-sharding.js';
import { explainStep } from '../parallel/explain-step.js';
import { groupLog } from '../parallel/group-log.js';
import { nextBatches } from '../parallel/next-batches.js';
import { planSharding } from '../parallel/plan-sharding.js';
import { RankLog } from '../parallel/rank-log.js';
import { onFirstRank } from '../parallel/together.js';
import { workersOf } from '../parallel/workers-of.js';
import type { Recipe } from '../recipe.js';
import { RunLog } from '../record/run-log.js';
import type { StepLog } from '../record/step-log.js';
import { checkFrames, checkRun, runName } from './check-run.js';
import { claimRun } from './claim-run.js';
import { exportRun } from './export-run.js';
import { checkExportTarget } from './export-target.js';
import { provenanceOf } from './provenance.js';
import { startRun } from './run-folder.js';
import { Trainer } from './trainer.js';

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
  /** The ranks that train together, each with its own copy of these options. Default: this process alone. */
  group?: ProcessGroup;
  /** How weights, masters and moments are spread over them. Default: as they fit. */
  sharding?: Sharding | 'auto';
  /** The blocks of the model, which `full` needs: give their `wrap` to `loadVlm`. */
  gates?: BlockGates;
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
  const { vlm, rows, out, recipe, resume, group = soloGroup() } = options;
  const index = options.index === undefined ? await checkRun({ ...options, base: vlm.dir }) : options.index;
  checkFrames(vlm, rows, recipe);
  await checkGroup(options, index, group);
  const name = runName(rows, index, recipe);
  let claim: Claim | null = null;
  try {
    // One rank claims the folder for all.
    await onFirstRank(group, () => {
      makeFolder(out);
      claim = claimRun(out);
      checkExportTarget(out, resume ? name : null, vlm.dir);
    });
    return await claimedTraining({ ...options, group, index, name, goesOn: () => claim && refreshClaim(claim) });
  } finally {
    if (claim) releaseClaim(claim);
  }
}

type ClaimedTraining = TrainOptions & {
  group: ProcessGroup;
  index: PriorIndex | null;
  name: string;
  goesOn(): void;
};

async function claimedTraining(options: ClaimedTraining): Promise<TrainResult> {
  const { vlm, rows, out, recipe, index, name, goesOn, signal, onStep, onWarning, onNote, group } = options;
  if (index) onNote?.(coverage(rows, index));
  const total =
    recipe.steps > 0 ? recipe.steps : Math.max(1, Math.ceil(Math.ceil(rows.length / recipe.batchSize) * recipe.epochs));
  const order = trainingOrder(rows.length, total * recipe.batchSize, recipe.seed);
  const first = group.rank === 0;
  await onFirstRank(group, () => startRun({ ...options, total, grid: index?.grid ?? null }));

  const trainer = trainerOf({ ...options, total });
  if (recipe.deterministic) setNumerics('repeatable', true);
  try {
    const start = options.resume ? await trainer.resume(onWarning) : null;
    await scalePriors(trainer, { ...options, order, fresh: !start });
    const log = first ? new RunLog(out, trainer.step) : null;
    const readers = mediaReaders(vlm, workersOf(recipe, vlm, group), samplesAhead(recipe));
    const next = nextBatches(
      {
        ...{ vlm, rows, order, recipe: { ...recipe, rowSum: trainer.rowSum }, index, read: readers.read },
        ...(start ? { start } : {}),
        ...(onWarning ? { onWarning } : {}),
      },
      group,
    );
    const ranks = group.size > 1 ? new RankLog(out, group.rank, group.size) : null;
    let state: string | null = null;
    const save = async () => {
      state = await trainer.save(next.where()).catch(explained([], trainer.step));
    };
    const explained =
      (samples: readonly PreparedSample[], step = trainer.step + 1) =>
      async (error: unknown): Promise<never> => {
        throw await explainStep(error, { group, step, samples, run: out });
      };
    try {
      await onFirstRank(group, () => trainer.checkDisk());
      while (trainer.step < total) {
        const began = performance.now();
        const batch = await next.take(signal?.aborted ?? false).catch(explained([]));
        if (!batch) break;
        try {
          const own = trainer.run(batch.mine, began, batch.totals);
          goesOn();
          ranks?.add({ type: 'step', ...own, passesSeconds: trainer.passesSeconds });
          const entry = batch.dealt ? await groupLog(own, batch.dealt, trainer.passesSeconds, group) : own;
          log?.add(entry);
          onStep?.(entry, total);
        } catch (error) {
          await explained(batch.mine)(error);
        } finally {
          batch.mine.forEach(disposeSample);
        }
        if (recipe.saveEvery > 0 && trainer.step % recipe.saveEvery === 0 && trainer.step < total) await save();
        // Signals and decoders need a turn of the event loop.
        await setImmediate();
      }
      const stopped = trainer.step < total;
      if (index && log) onNote?.(wordsOf(log.steps));
      if (stopped) await save();
      await trainer.checkFinite();
      const about = () => provenanceOf({ ...options, index, log: log?.steps ?? [], broken: next.broken.size });
      const write = () => exportRun({ run: out, name }, vlm, index ? trainer.aligner : null, about());
      if (!stopped) await trainer.export(write);
      const checkpoint = join(out, 'checkpoint');
      const skipped = next.broken.size;
      return { steps: trainer.step, total, log: log?.steps ?? [], checkpoint, finished: !stopped, state, skipped };
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

/** What `priorScale: share` scales priors to: measured before the first step, of all ranks the same; a saved run has it. */
async function scalePriors(
  trainer: Trainer,
  options: ClaimedTraining & { order: readonly number[]; fresh: boolean },
): Promise<void> {
  const { vlm, rows, order, recipe, index, group, fresh, onNote } = options;
  if (index && recipe.priorScale === 'share' && fresh) {
    const sum = await meanRowSum({ vlm, rows, order, recipe, index, ...(onNote ? { onNote } : {}) });
    trainer.rowSum = await broadcastJson(sum, group);
  } else if (trainer.rowSum !== null) onNote?.(`${scaledTo(trainer.rowSum)}, as it was measured before the first step`);
}

/** The trainer of a run, spread over its ranks as it fits. */
function trainerOf(options: ClaimedTraining & { total: number }): Trainer {
  const { vlm, rows, out, recipe, index, group, total, onNote, gates = null } = options;
  freezeParts(vlm.model, recipe.freeze);
  const { sharding, line } = planSharding(vlm, recipe, group, options.sharding ?? 'auto', gates);
  if (line) onNote?.(line);
  return new Trainer({ vlm, rows, recipe, index, out, total, group, sharding, gates });
}
