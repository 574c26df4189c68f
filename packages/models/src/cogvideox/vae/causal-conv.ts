import { cat, conv3d, keep, type Tensor } from '@motion-enhancer/libtorch';
import type { Conv } from './weights.js';

/** The last input frames of every causal convolution, carried from one chunk of frames to the next. */
export class ConvCache {
  readonly #frames = new Map<string, Tensor>();

  get(name: string): Tensor | undefined {
    return this.#frames.get(name);
  }
  /** Keeps a copy, outside of every scope. */
  set(name: string, frames: Tensor): void {
    this.#frames.get(name)?.dispose();
    this.#frames.set(name, keep(frames.clone()));
  }
  dispose(): void {
    for (const frames of this.#frames.values()) frames.dispose();
    this.#frames.clear();
  }
}

/** Larger inputs are convolved in parts: 32-bit indexing and workspaces of the convolution libraries. */
const MAX_ELEMENTS = 2 ** 30;

/**
 * 3 × 3 × 3 convolution that looks back in time only: in front come the first frame twice, or, in later chunks, the
 * last two input frames of the chunk before. Zero padding of 1 in space.
 * Source: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0, CogVideoXCausalConv3d, CogVideoXSafeConv3d
 */
export function causalConv(x_BCTHW: Tensor, w: Conv, cache: ConvCache): Tensor {
  const k = w.weight.size(2);
  const first = x_BCTHW.narrow(2, 0, 1);
  const before = cache.get(w.name);
  const padded = cat(before ? [before, x_BCTHW] : [...Array<Tensor>(k - 1).fill(first), x_BCTHW], 2);
  cache.set(w.name, padded.narrow(2, padded.size(2) - (k - 1), k - 1));
  return convInParts(padded, w, k);
}

function convInParts(x_BCTHW: Tensor, w: Conv, k: number): Tensor {
  const frames = x_BCTHW.size(2) - (k - 1);
  const side = (w.weight.size(3) - 1) / 2;
  const convolve = (x: Tensor) => conv3d(x, w.weight, w.bias, { padding: [0, side, side] });
  const parts = Math.min(frames, Math.ceil(x_BCTHW.numel / MAX_ELEMENTS));
  if (parts <= 1) return convolve(x_BCTHW);
  const size = Math.ceil(frames / parts);
  const outputs: Tensor[] = [];
  for (let at = 0; at < frames; at += size) {
    outputs.push(convolve(x_BCTHW.narrow(2, at, Math.min(size, frames - at) + k - 1)));
  }
  return cat(outputs, 2);
}

/** 1 × 1 × 1 convolution. */
export function pointConv(x_BCTHW: Tensor, w: Conv): Tensor {
  return conv3d(x_BCTHW, w.weight, w.bias);
}
