import { expected } from '@motion-enhancer/support';
import type { FrameRule } from './diffusion/frame-rule.js';

/** The video tokens of one pass: F frames of P = height · width locations, frame-major after T text tokens. */
export interface TokenGrid {
  /** F, latent frames after temporal patching */
  frames: number;
  height: number;
  width: number;
  /** T */
  textTokens: number;
}

/** P, tokens per frame. */
export const locations = (grid: TokenGrid): number => grid.height * grid.width;

/** S, video tokens. */
export const videoTokens = (grid: TokenGrid): number => grid.frames * locations(grid);

/**
 * First and last pixel frame behind each token frame (inclusive).
 * The causal VAE makes latent 0 of pixel frame 0 and latent i of pixel frames 4i−3 … 4i; a temporal patch joins
 * `patchT` latents, of which the first `padded` are copies of latent 0 put in front (docs/method.md 1.1).
 * @param perLatent pixel frames of a latent frame
 */
export function pixelFramesOf(frames: number, patchT: number, padded: number, perLatent = 4): [number, number][] {
  const ofLatent = (latent: number): [number, number] =>
    latent <= 0 ? [0, 0] : [perLatent * (latent - 1) + 1, perLatent * latent];
  return Array.from({ length: frames }, (_, f) => {
    const first = ofLatent(f * patchT - padded);
    const last = ofLatent((f + 1) * patchT - 1 - padded);
    return [first[0], last[1]];
  });
}

/**
 * The frames that the diffusion model sees, as diffusers' inversion script picks them: every `stride`-th, at most `max`
 * of them, and the tail dropped so that the count is perLatent · k + 1.
 * @param count decoded frames of the video
 * @param rule what the model takes: with a `latentMultiple`, more is dropped until the latents are a multiple of it (a
 * single latent stays)
 * @throws UserError when the video has no frame
 */
export function chooseClipFrames(count: number, max: number, { perLatent, latentMultiple }: FrameRule): number[] {
  if (count < 1) throw expected('at least one frame', 'the video', count);
  const stride = Math.max(1, Math.floor(count / max));
  const taken = Math.min(max, Math.ceil(count / stride));
  let kept = taken - ((taken - 1) % perLatent);
  while (kept > perLatent && ((kept - 1) / perLatent + 1) % latentMultiple !== 0) kept -= perLatent;
  return Array.from({ length: kept }, (_, i) => i * stride);
}
