// What can be refused before a model is fetched and loaded, which takes minutes.
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { checkFolder, expected, UserError } from '@motion-enhancer/support';
import { mediaOf, type Row } from '../../data/rows.js';
import type { MediaPreparation, VideoSettings } from '../../vlm/index.js';
import { counted } from '../data/alignment-notes.js';
import { PriorIndex } from '../data/prior-index.js';
import { checkFreeze } from '../optim/groups.js';
import type { Recipe } from '../recipe.js';
import { FREE_TO_CHANGE } from '../recipe-run.js';
import { checkSameRun } from '../state/same-run.js';
import { newestState } from '../state/states.js';
import { refuseClaimed } from './claim-run.js';
import { checkExportTarget } from './export-target.js';

export interface PlannedRun {
  rows: readonly Row[];
  priors: string | null;
  out: string;
  recipe: Recipe;
  resume?: boolean;
  /** Folder of the model that is trained, where it is one. */
  base?: string;
  /** Told while priors are looked for, which may take long the first time. */
  onNote?(message: string): void;
}

/**
 * Refuses a run whose settings, priors or saved states do not fit each other; nothing is computed or written.
 * @returns the run's priors; null where it has none
 * @throws UserError ERR_VALUE, ERR_PRIOR, ERR_RUN, ERR_WRITE
 */
export async function checkRun(plan: PlannedRun): Promise<PriorIndex | null> {
  const { rows, priors, out, recipe, resume, base = '' } = plan;
  checkFreeze(recipe.freeze);
  if (recipe.priorScale === 'share' && recipe.alignmentLoss === 'min-max')
    throw expected(
      'raw',
      'priorScale',
      recipe.priorScale,
      'With alignmentLoss min-max every map is stretched to [0, 1] and its scale is lost: take raw, or alignmentLoss norm or squared.',
    );
  checkFolder(out);
  refuseClaimed(out);
  const index = priors && recipe.lambda > 0 ? await openPriors(priors, plan) : null;
  // Broken or of an older format: `resume` tells, and passes it over.
  const state = resume ? newestState(out) : null;
  if (state) checkSameRun(state.dir, state, { recipe, data: dataHash(rows, index) });
  checkExportTarget(out, resume ? runName(rows, index, recipe) : null, base);
  return index;
}

/** Frames and frame rate of a video that is long enough for every setting that suits any. */
const LONG = { count: 90_000, fps: 25 };

/**
 * Refuses frame settings by which the model can see no video of any length: told once, not for every row.
 * @throws UserError ERR_VALUE
 */
export function checkFrames(
  vlm: Pick<MediaPreparation, 'chooseFrames' | 'framesPerToken'>,
  rows: readonly Row[],
  recipe: Pick<Recipe, keyof VideoSettings>,
): void {
  if (!rows.some((row) => mediaOf(row).some((medium) => medium.type === 'video' && 'path' in medium))) return;
  try {
    vlm.chooseFrames(LONG, recipe);
  } catch (cause) {
    const { frames, frameRule } = recipe;
    if (frames === 0 || frames >= vlm.framesPerToken) throw cause;
    throw expected(
      `${vlm.framesPerToken} or more, or 0 (as fps says),`,
      'frames',
      frames,
      `This model sees frames ${vlm.framesPerToken} at a time by the frame rule ${frameRule}.`,
    );
  }
}

/** Names a run by what it learns and how: where it goes on, it is the same. */
export function runName(rows: readonly Row[], index: PriorIndex | null, recipe: Recipe): string {
  const kept = Object.entries(recipe).filter(([field]) => !FREE_TO_CHANGE.has(field));
  const text = JSON.stringify([dataHash(rows, index), kept.sort(([a], [b]) => (a < b ? -1 : 1))]);
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

/** Of the data and priors of a run: ids of the rows in order, names of the priors. */
export function dataHash(rows: readonly Row[], index: PriorIndex | null): string {
  const text = `${rows.map(({ id }) => id).join('\n')}\n\n${index?.fingerprint ?? ''}`;
  return createHash('sha256').update(text).digest('hex');
}

async function openPriors(dir: string, { rows, recipe, onNote }: PlannedRun): Promise<PriorIndex> {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === false)
    throw expected('a folder', 'priors', dir, 'motion-enhancer extract makes one.');
  const index = new PriorIndex(dir, recipe.maxCells);
  await index.findAll(rows, onNote);
  const aligned = rows.filter((row) => index.has(row));
  if (aligned.length === 0)
    throw new UserError(
      `None of the ${rows.length} rows has a prior in ${dir} (${index.size} priors; ${counted(rows.flatMap((row) => index.lacks(row) ?? []))}). A prior belongs to a row of the same video, clip and text: extract with --data and this file.`,
      { code: 'ERR_PRIOR' },
    );
  if (!aligned.some((row) => index.hasHeads(row, recipe.heads)))
    throw new UserError(
      `Expected priors with ${recipe.heads === 'all' ? 'the mean over all heads' : 'single heads'} for heads ${recipe.heads} but received ${dir}, where none has them. Extract with ${recipe.heads === 'all' ? '--keep-all-heads' : '--keep-heads'}, or take heads kept.`,
      { code: 'ERR_PRIOR' },
    );
  return index;
}
