import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import type { Selection } from '@motion-enhancer/core/internal/prior/selection/select.js';
import { cat, keep, scope, type Tensor, tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import { expected } from '@motion-enhancer/support';
import type { WorldClip } from '../generate/index.js';
import { ARMS, type FixedHeads, selectArm } from './arms.js';
import { type BatchOptions, eachClip } from './each-batch.js';
import { eachRecipeBatch } from './localise-recipes.js';
import { recipeMaps } from './recipe-maps.js';
import { RECIPES, recipesWith } from './recipes.js';

export interface WorldPriorOptions extends BatchOptions {
  /** Names of arms; all of ARMS by default. */
  arms?: readonly string[];
  /** The file calls its arms ARM@tag, so that arms of files with other settings stand beside them in one experiment. */
  tag?: string;
  headRatio: number;
  wordRatio: number;
  fixed: FixedHeads;
}

/**
 * One file of the priors of many clips, for training in the world:
 * - `words`: int32 [clips], how many words each clip's caption has, in the order of `captionWords`;
 * - `maps.ARM`: uint8 [words of all clips, F, H/2, W/2]: means of 2 × 2 cells, each word's map in 255ths of its largest
 *   entry; `scale.ARM`: float32 [words], that entry;
 * - `kept.ARM`: uint8 [words], which words MTTI keeps.
 * ARM is the arm's name, with `@` and the tag where there is one. Metadata: split, world (absent: `still-camera`), indices, steps, guidance, seed, ratios, units of `fixed`, sha256 and kind of the model's weights.
 * @throws UserError for an arm that is none
 */
export function writeWorldPriors(path: string, vdm: VideoDiffusion, o: WorldPriorOptions): void {
  const known = [...ARMS, ...RECIPES].map(({ name }) => name);
  for (const name of o.arms ?? []) if (!known.includes(name)) throw expected(known.join(', '), 'arms', name);
  const ofPass = ARMS.filter(({ name }) => !o.arms || o.arms.includes(name));
  // Those without a reconstruction come only where they are named: files of all arms stay what they were.
  const recipes = recipesWith({ seed: o.seed, wordRatio: o.wordRatio }).filter(({ name }) => o.arms?.includes(name));
  const arms: readonly { name: string }[] = [...ofPass, ...recipes];
  const called = (name: string) => (o.tag ? `${name}@${o.tag}` : name);
  const maps = new Map<string, Tensor[]>(arms.map(({ name }) => [name, []]));
  const kept = new Map<string, number[]>(arms.map(({ name }) => [name, []]));
  const counts: number[] = [];
  const add = (name: string, selection: Selection) => {
    maps.get(name)!.push(keep(halved(selection.rows_WFHW).to('cpu')));
    kept.get(name)!.push(...selection.words.map((word) => (word.kept ? 1 : 0)));
  };
  const count = (clip: WorldClip, words: readonly Word[]) => {
    if (words.length !== clip.captionWords.length) throw new Error(`${clip.id}: ${words.length} words`);
    counts.push(words.length);
  };
  if (ofPass.length > 0)
    eachClip(vdm, o, (clip, batch, place, words) => {
      count(clip, words);
      for (const arm of ofPass)
        scope(() => add(arm.name, selectArm(batch, place, arm, words, { ...o, fixedHeads: o.fixed })));
    });
  if (recipes.length > 0)
    eachRecipeBatch(vdm, o, (clips, batch) => {
      if (ofPass.length === 0) for (const [place, clip] of clips.entries()) count(clip, batch.words[place]!);
      recipeMaps(vdm, batch, recipes, (_place, { name }, selection) => add(name, selection));
    });
  scope(() => {
    const tensors: Record<string, Tensor> = { words: tensor(counts, { dtype: 'int32' }) };
    for (const { name } of arms) {
      const all = cat(maps.get(name)!); // float32 [words, F, H/2, W/2]
      for (const one of maps.get(name)!) one.dispose();
      const scale = all.amax([1, 2, 3]);
      tensors[`maps.${called(name)}`] = all
        .mul(255)
        .div(scale.reshape(-1, 1, 1, 1))
        .round()
        .to('uint8');
      tensors[`scale.${called(name)}`] = scale;
      tensors[`kept.${called(name)}`] = tensor(kept.get(name)!, { dtype: 'uint8' });
    }
    writeSafetensors(path, tensors, {
      // Files of the still world say none, as ever.
      ...(o.world === 'moving-camera' ? { world: o.world } : {}),
      split: o.split,
      first: String(o.indices[0] ?? 0),
      indices: JSON.stringify(o.indices),
      steps: String(o.steps),
      last: String(o.last),
      guidance: String(o.guidance),
      seed: String(o.seed),
      headRatio: String(o.headRatio),
      wordRatio: String(o.wordRatio),
      fixed: JSON.stringify([...o.fixed]),
      ...(recipes.length > 0
        ? { recipes: JSON.stringify(recipes.map(({ name, config }) => ({ name, ...config }))) }
        : {}),
      vdm: vdm.sha256,
      weights: vdm.weights,
    });
  });
}

/** Means of 2 × 2 cells. */
function halved(rows_WFHW: Tensor): Tensor {
  const [words, F, H, W] = rows_WFHW.shape as [number, number, number, number];
  return rows_WFHW.reshape(words, F, H / 2, 2, W / 2, 2).mean([3, 5]);
}
