import { type TileSize, tilesUnder, type VaeConfig } from '@motion-enhancer/models';
import { bytesPerElement } from '../../bytes-per-element.js';

export interface CodedClip {
  frames: number;
  height: number;
  width: number;
}

/** The tiles, in latent pixels, with which coding a clip stays under `memory` bytes; null: whole frames. */
export function tileUnder(
  config: VaeConfig,
  way: 'encode' | 'decode',
  clip: CodedClip,
  { dtype, memory }: { dtype: string; memory: number },
): TileSize | null {
  return memory > 0 ? tilesUnder(config, way, clip, bytesPerElement(dtype), memory) : null;
}
