import { type TileSize, tilesUnder } from '@motion-enhancer/models';
import type { PriorConfig } from '../config.js';
import type { Vdm } from './vdm.js';

/** The tiles that `vaeMemory` asks for; null: whole frames. */
export function tileOf(
  { vae, dtype }: Pick<Vdm, 'vae' | 'dtype'>,
  way: 'encode' | 'decode',
  clip: { frames: number; height: number; width: number },
  { vaeMemory }: Pick<PriorConfig, 'vaeMemory'>,
): TileSize | null {
  return vaeMemory > 0 ? tilesUnder(vae.config, way, clip, bytesOfNumber(dtype), vaeMemory * 2 ** 30) : null;
}

export const bytesOfNumber = (dtype: string): number => (dtype === 'float64' ? 8 : dtype === 'float32' ? 4 : 2);
