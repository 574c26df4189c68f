// Priors of many clips at once by the code of `extract`: forward passes of noised clips, and differences of latents.
import { renoisedMaps } from '@motion-enhancer/core/internal/prior/capture/renoised-maps.js';
import { fromAttention } from '@motion-enhancer/core/internal/prior/check-options.js';
import { differencePrior } from '@motion-enhancer/core/internal/prior/difference-prior.js';
import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { clipDifference } from '@motion-enhancer/core/internal/prior/selection/clip-difference.js';
import { type Selection, selectUnits } from '@motion-enhancer/core/internal/prior/selection/select.js';
import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { WorldClip } from '../generate/index.js';
import type { Recipe } from './recipes.js';

export interface RecipeBatch {
  clips: readonly WorldClip[];
  /** Latents and texts of the clips: [clips, …] */
  x0: Tensor;
  text: Tensor;
  words: readonly (readonly Word[])[];
}

export type OnPrior = (clip: number, recipe: Recipe, selection: Selection) => void;

/** Shows every recipe's prior of every clip to `visit`; its tensors live for that call. Passes are shared. */
export function recipeMaps(vdm: VideoDiffusion, batch: RecipeBatch, recipes: readonly Recipe[], visit: OnPrior): void {
  for (const recipe of recipes.filter(({ config }) => !fromAttention(config)))
    for (const clip of batch.clips.keys())
      scope(() =>
        visit(clip, recipe, differencePrior(vdm, latentsOf(batch, clip), captionOf(batch, clip), recipe.config)),
      );
  for (const group of samePasses(recipes)) renoised(vdm, batch, group, visit);
}

const latentsOf = ({ x0 }: RecipeBatch, clip: number) => ({ x0: x0.narrow(0, clip, 1), padded: 0 });
const captionOf = ({ clips }: RecipeBatch, clip: number): string => clips[clip]!.caption;

/** Recipes of equal passes together. */
function samePasses(recipes: readonly Recipe[]): Recipe[][] {
  const groups = new Map<string, Recipe[]>();
  for (const recipe of recipes) {
    const { mode, levels, draws, seed } = recipe.config;
    if (mode !== 'renoise') continue;
    const key = JSON.stringify([levels, draws, seed]);
    groups.set(key, [...(groups.get(key) ?? []), recipe]);
  }
  return [...groups.values()];
}

function renoised(vdm: VideoDiffusion, batch: RecipeBatch, recipes: readonly Recipe[], visit: OnPrior): void {
  const { x0, text, words, clips } = batch;
  scope(() => {
    const configs = recipes.map(({ config }) => config);
    const captured = renoisedMaps({ model: vdm, x0, text }, configs);
    for (const [i, recipe] of recipes.entries())
      for (const clip of clips.keys())
        scope(() => {
          const from = captured[i]![clip]!;
          const difference =
            recipe.config.selection === 'difference'
              ? clipDifference(vdm.latentFrames(x0).select(0, clip), from.grid).flatten()
              : null;
          visit(clip, recipe, selectUnits(from, words[clip]!, recipe.config, difference));
        });
  });
}
