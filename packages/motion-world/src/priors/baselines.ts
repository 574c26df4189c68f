// How well the priors that need no diffusion model find what moves: differences of the latents from frame to frame.
import type { Vdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import {
  latentDifference,
  shiftedDifference,
  tokenDifference,
} from '@motion-enhancer/core/internal/prior/selection/difference.js';
import { scope, type Tensor } from '@motion-enhancer/libtorch';
import { CLIP } from '../clips/clip-size.js';
import { makeClip, type Split, type World, type WorldClip } from '../generate/index.js';
import { clipLatents } from './clip-latents.js';
import { Mean } from './mean.js';
import { cosine, divergence } from './near-mask.js';
import { lift, moverShare, ON } from './where-moves.js';

export const BASELINES = { difference: latentDifference, 'shifted difference': shiftedDifference } as const;
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

/** Both baselines over clips with a mover that is seen, against the masks. */
export function measureBaselines(vdm: Vdm, { world, split, indices, onClip }: BaselineOptions): BaselineFindings {
  const findings: BaselineFindings = { clips: new Map(), found: new Map(), uniform: new Mean() };
  indices.forEach((index, i) => {
    const clip = makeClip(split, index, { world, ...CLIP });
    if (clip.scene.mover !== null) scope(() => addClip(findings, clip, vdm));
    onClip(i + 1, indices.length);
  });
  return findings;
}

function addClip(findings: BaselineFindings, clip: WorldClip, vdm: Vdm): void {
  const latents = clipLatents(vdm, [clip]).squeeze(0);
  const { patchSize: space, patchSizeT } = vdm.transformer.config;
  for (const [name, differenceOf] of Object.entries(BASELINES) as [Baseline, (latents: Tensor) => Tensor][]) {
    const map_FHW = tokenDifference(differenceOf(latents), { time: patchSizeT ?? 1, space });
    const [frames, side] = map_FHW.shape as [number, number];
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
