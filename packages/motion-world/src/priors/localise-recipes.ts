import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { CLIP } from '../clips/clip-size.js';
import { describeClip, makeClip, type WorldClip } from '../generate/index.js';
import { POWERS } from './baselines.js';
import { clipInputs } from './clip-inputs.js';
import type { BatchOptions } from './each-batch.js';
import { rolesOf } from './localise.js';
import { Mean } from './mean.js';
import { cosine, divergence } from './near-mask.js';
import { recipeMaps } from './recipe-maps.js';
import type { Recipe } from './recipes.js';
import { lift, moverShare, ON } from './where-moves.js';

/** Roles of words whose maps are looked at. */
export const ROLES = ['mover', 'motion', 'static'] as const;
export type Role = (typeof ROLES)[number];

export interface RecipeFinding {
  /** On the prior's grid, by role of the word. */
  lift: Record<Role, Mean>;
  /** Share of the mover's and the motion's words whose map has its peak on the mover. */
  hit: Mean;
  /** On the VLM's grid, of the mover's and of the motion's words, by power: to the mask, and KL(map ‖ mask). */
  cosine: Record<'mover' | 'motion', Map<number, Mean>>;
  divergence: Map<number, Mean>;
}

export interface RecipeFindings {
  clips: number;
  found: Map<string, RecipeFinding>;
}

/** How well priors without a reconstruction find what moves, against the masks, over clips with a mover that is seen. */
export function localiseRecipes(vdm: VideoDiffusion, recipes: readonly Recipe[], o: BatchOptions): RecipeFindings {
  const findings: RecipeFindings = { clips: 0, found: new Map(recipes.map(({ name }) => [name, newFinding()])) };
  eachRecipeBatch(vdm, o, (clips, batch) => {
    const shares = clips.map((clip) => sharesOf(clip, vdm.grid(batch.x0, batch.text)));
    findings.clips += shares.filter((share) => share !== null).length;
    recipeMaps(vdm, batch, recipes, (place, { name }, { rows_WFHW }) => {
      const share = shares[place];
      if (!share) return;
      const roles = rolesOf(clips[place]!.captionWords, batch.words[place]!);
      addMaps(findings.found.get(name)!, rows_WFHW, roles, share);
    });
  });
  return findings;
}

type Batch = Parameters<typeof recipeMaps>[1];

/** Clips and what the diffusion model is given for them, batch by batch, without gradients. */
export function eachRecipeBatch(
  vdm: VideoDiffusion,
  o: BatchOptions,
  visit: (clips: readonly WorldClip[], batch: Batch) => void,
): void {
  const { world = 'still-camera', frames = CLIP.frames, size = CLIP.size } = o;
  vdm.texts.encode([...o.indices.map((index) => describeClip(o.split, index, { world }).caption), '']);
  for (let at = 0; at < o.indices.length; at += o.batch) {
    const clips = o.indices.slice(at, at + o.batch).map((index) => makeClip(o.split, index, { world, frames, size }));
    noGrad(() =>
      scope(() => {
        const { input, words } = clipInputs(vdm, clips, o);
        visit(clips, { clips, words, x0: input.x0, text: input.text });
      }),
    );
    o.onClip(at + clips.length, o.indices.length);
  }
}

interface Shares {
  /** Of the mover, on the prior's grid and on the VLM's, which has half as many rows and columns. */
  fine: Float64Array;
  coarse: Float64Array;
}

function sharesOf(clip: WorldClip, { frames, height }: { frames: number; height: number }): Shares | null {
  if (clip.scene.mover === null) return null;
  const fine = moverShare(clip, frames, height);
  if (fine.every((share) => share < ON)) return null; // never seen well enough to be found
  return { fine, coarse: moverShare(clip, frames, height / 2) };
}

function newFinding(): RecipeFinding {
  const byPower = () => new Map(POWERS.map((power) => [power, new Mean()]));
  return {
    lift: { mover: new Mean(), motion: new Mean(), static: new Mean() },
    hit: new Mean(),
    cosine: { mover: byPower(), motion: byPower() },
    divergence: byPower(),
  };
}

function addMaps(finding: RecipeFinding, rows_WFHW: Tensor, roles: readonly string[], share: Shares): void {
  const [words, frames, height, width] = rows_WFHW.shape as [number, number, number, number];
  const fine = rows_WFHW.toFloat32Array();
  const coarse = rows_WFHW
    .reshape(words, frames, height / 2, 2, width / 2, 2)
    .mean([3, 5])
    .toFloat32Array();
  const of = (maps: Float32Array, word: number) => {
    const cells = maps.length / words;
    return maps.subarray(word * cells, (word + 1) * cells);
  };
  roles.forEach((role, word) => {
    if (!(ROLES as readonly string[]).includes(role)) return;
    const one = lift(of(fine, word), share.fine);
    finding.lift[role as Role].add(one.lift);
    if (role === 'static') return;
    finding.hit.add(one.hit ? 1 : 0);
    for (const power of POWERS) {
      const map = of(coarse, word).map((value) => value ** power);
      const largest = Math.max(...map) || 1;
      const scaled = map.map((value) => value / largest);
      finding.cosine[role as 'mover' | 'motion'].get(power)!.add(cosine(scaled, share.coarse));
      finding.divergence.get(power)!.add(divergence(scaled, share.coarse));
    }
  });
}
