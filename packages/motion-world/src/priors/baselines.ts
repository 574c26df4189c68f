// How well the priors that need no diffusion model find what moves: differences of the latents from frame to frame.
import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import {
  latentDifference,
  shiftedDifference,
  tokenDifference,
} from '@motion-enhancer/core/internal/prior/selection/difference.js';
import { fromTypedArray, scope, type Tensor } from '@motion-enhancer/libtorch';
import { CLIP } from '../clips/clip-size.js';
import { makeClip, type Split, type World, type WorldClip } from '../generate/index.js';
import { clipLatents } from './clip-latents.js';
import { Mean } from './mean.js';
import { cosine, divergence } from './near-mask.js';
import { lift, moverShare, ON } from './where-moves.js';

/** What is compared from frame to frame: the latents, or the frames themselves at half their height and width. */
interface Material {
  latents_FCHW: Tensor;
  pixels_FCHW: Tensor;
}

export const BASELINES = {
  difference: ({ latents_FCHW }: Material) => latentDifference(latents_FCHW),
  'shifted difference': ({ latents_FCHW }: Material) => shiftedDifference(latents_FCHW),
  'pixel difference': ({ pixels_FCHW }: Material) => latentDifference(pixels_FCHW),
  // A shift of so many cells of the latents is twice as many here.
  'shifted pixel difference': ({ pixels_FCHW }: Material) => shiftedDifference(pixels_FCHW, { reach: 4 }),
} as const;
export type Baseline = keyof typeof BASELINES;

/** Powers of the maps on the VLM's grid. */
export const POWERS = [1, 2, 4] as const;

export interface BaselineFinding {
  /** On the prior's grid, as of other priors. */
  lift: Mean;
  hit: Mean;
  /** On the VLM's grid, by power: to the mask, and KL(map ‖ mask). */
  cosine: Map<number, Mean>;
  divergence: Map<number, Mean>;
}

export interface BaselineFindings {
  /** Clips by how the camera moves, and of `all`. */
  clips: Map<string, number>;
  /** By baseline, then by how the camera moves. */
  found: Map<Baseline, Map<string, BaselineFinding>>;
  /** Cosine of an even map. */
  uniform: Mean;
}

export interface BaselineOptions {
  world: World;
  split: Split;
  /** Indices of the clips. */
  indices: readonly number[];
  onClip(done: number, total: number): void;
}

/** All baselines over clips with a mover that is seen, against the masks. */
export function measureBaselines(
  vdm: VideoDiffusion,
  { world, split, indices, onClip }: BaselineOptions,
): BaselineFindings {
  const findings: BaselineFindings = { clips: new Map(), found: new Map(), uniform: new Mean() };
  vdm.texts.encode(['']); // its length says where the video's tokens begin
  indices.forEach((index, i) => {
    const clip = makeClip(split, index, { world, ...CLIP });
    if (clip.scene.mover !== null) scope(() => addClip(findings, clip, vdm));
    onClip(i + 1, indices.length);
  });
  return findings;
}

function addClip(findings: BaselineFindings, clip: WorldClip, vdm: VideoDiffusion): void {
  const latents = clipLatents(vdm, [clip]);
  const material = { latents_FCHW: latents.squeeze(0), pixels_FCHW: halfSize(clip) };
  const { frames, height: side } = vdm.grid(latents, vdm.texts.get('').embedding);
  const time = latents.size(1) / frames;
  for (const [name, differenceOf] of Object.entries(BASELINES) as [Baseline, (material: Material) => Tensor][]) {
    const difference_PHW = differenceOf(material);
    const map_FHW = tokenDifference(difference_PHW, { time, space: difference_PHW.size(-1) / side });
    const share = moverShare(clip, frames, side);
    if (share.every((s) => s < ON)) return; // never seen well enough to be found
    // The VLM sees half as many rows and columns.
    const coarse = map_FHW
      .reshape(frames, side / 2, 2, side / 2, 2)
      .mean([2, 4])
      .toFloat32Array();
    const mask = moverShare(clip, frames, side / 2);
    for (const camera of [clip.scene.camera.kind, 'all']) {
      const finding = findingOf(findings, name, camera);
      const { lift: found, hit } = lift(map_FHW.toFloat32Array(), share);
      finding.lift.add(found);
      finding.hit.add(hit ? 1 : 0);
      for (const power of POWERS) {
        const map = coarse.map((value) => value ** power);
        finding.cosine.get(power)!.add(cosine(map, mask));
        finding.divergence.get(power)!.add(divergence(map, mask));
      }
      findings.clips.set(camera, finding.lift.n);
    }
    if (name === 'difference') findings.uniform.add(cosine(new Float32Array(mask.length).fill(1), mask));
  }
}

function findingOf({ found }: BaselineFindings, baseline: Baseline, camera: string): BaselineFinding {
  if (!found.has(baseline)) found.set(baseline, new Map());
  const byCamera = found.get(baseline)!;
  const means = () => new Map(POWERS.map((power) => [power, new Mean()]));
  const made = byCamera.get(camera) ?? { lift: new Mean(), hit: new Mean(), cosine: means(), divergence: means() };
  byCamera.set(camera, made);
  return made;
}

/** Means of 2 × 2 pixels, in [0, 1]: [T, 3, H / 2, W / 2] */
function halfSize({ frames, count, size }: WorldClip): Tensor {
  const pixels = fromTypedArray(frames, [count, size / 2, 2, size / 2, 2, 3])
    .to('float32')
    .div(255);
  return pixels.mean([2, 4]).permute(0, 3, 1, 2).contiguous();
}
