import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { cat, keep, scope, type Tensor, tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import { ARMS, type FixedHeads, selectArm } from './arms.js';
import { type BatchOptions, eachClip } from './each-batch.js';

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
  for (const name of o.arms ?? [])
    if (!ARMS.some((arm) => arm.name === name)) throw expected(ARMS.map((arm) => arm.name).join(', '), 'arms', name);
  const arms = ARMS.filter(({ name }) => !o.arms || o.arms.includes(name));
  const called = (name: string) => (o.tag ? `${name}@${o.tag}` : name);
  const maps = new Map<string, Tensor[]>(arms.map(({ name }) => [name, []]));
  const kept = new Map<string, number[]>(arms.map(({ name }) => [name, []]));
  const counts: number[] = [];
  eachClip(vdm, o, (clip, batch, place, words) => {
    if (words.length !== clip.captionWords.length) throw new Error(`${clip.id}: ${words.length} words`);
    counts.push(words.length);
    for (const arm of arms) {
      scope(() => {
        const selection = selectArm(batch, place, arm, words, { ...o, fixedHeads: o.fixed });
        maps.get(arm.name)!.push(keep(halved(selection.rows_WFHW).to('cpu')));
        kept.get(arm.name)!.push(...selection.words.map((word) => (word.kept ? 1 : 0)));
      });
    }
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
