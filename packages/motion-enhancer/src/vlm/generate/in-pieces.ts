import { cat, type Tensor } from '@motion-enhancer/libtorch';
import type { PixelInput } from '../types.js';

/** Patches that a vision tower sees at once at inference: its activations are then below 2 GiB at 16 bits. */
export const PATCHES_AT_ONCE = 65_536;

/** Where pieces of `step` begin in `total`. */
export function starts(total: number, step: number): number[] {
  return Array.from({ length: Math.ceil(total / step) }, (_, i) => i * step);
}

/** Pixels of all media, one after the other. */
export function together(media: readonly Pick<PixelInput, 'pixels'>[]): Tensor {
  return media.length === 1 ? media[0]!.pixels : cat(media.map(({ pixels }) => pixels));
}
