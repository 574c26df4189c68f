import { bytesOf, type DType, scope, tensor } from '@motion-enhancer/libtorch';
import { contactSheet } from '../../data/image/contact-sheet.js';
import { encodePng } from '../../data/image/index.js';
import type { MediumReader } from '../../vlm/media/medium-reader.js';
import { thumbnailsOf } from '../../vlm/media/thumbnails-of.js';
import type { DecodedMedium, InputSettings, MediumInput } from '../../vlm/types.js';
import type { EvalMedium } from '../benchmarks/question.js';

/** What a thread is asked for. */
export interface MediumRequest {
  medium: EvalMedium;
  settings: InputSettings;
  /** Number format of the pixels: the model's, which they would be turned into anyway. */
  dtype: DType;
  /** Also a picture of the frames. */
  picture: boolean;
}

/** A medium as the vision tower takes it, as plain data that moves between threads. */
export interface ReadMedium extends Omit<MediumInput, 'pixels'> {
  pixels: Uint8Array;
  shape: number[];
  dtype: DType;
  /** PNG of at most eight frames side by side. */
  picture: Uint8Array | null;
}

/** Of a picture: the largest number of its frames, and their width in pixels. */
const SHOWN = 8;
const WIDTH = 128;

/** Reads a medium. @throws UserError ERR_IMAGE, ERR_VIDEO, ERR_MEDIA, ERR_VALUE */
export async function readMedium(reader: MediumReader, request: MediumRequest): Promise<ReadMedium> {
  const { medium, settings, dtype } = request;
  let picture: Uint8Array | null = null;
  const { pixels, ...input } = await reader.read(
    medium.type === 'frames' ? { type: 'video', paths: medium.paths } : medium,
    settings,
    (decoded, seen) => {
      if (request.picture) picture = pictureOf(decoded, seen);
    },
  );
  try {
    return scope(() => {
      const cast = pixels.to(dtype).contiguous();
      // A copy: its memory goes to another thread.
      return { ...input, pixels: Uint8Array.from(bytesOf(cast)), shape: [...cast.shape], dtype, picture };
    });
  } finally {
    pixels.dispose();
  }
}

/** Evenly chosen frames side by side. */
function pictureOf(decoded: DecodedMedium, input: MediumInput): Uint8Array {
  return scope(() => {
    if (decoded.type === 'image') return sheet(decoded, input);
    const count = decoded.frames.size(0);
    const shown = Math.min(SHOWN, count);
    const chosen = Array.from({ length: shown }, (_, i) => Math.floor(((i + 0.5) * count) / shown));
    const frames = decoded.frames.indexSelect(0, tensor(chosen, { dtype: 'int64' }));
    return sheet({ ...decoded, frames }, { ...input, frames: chosen.map((_, i) => [i, i] as const) });
  });
}

function sheet(decoded: DecodedMedium, input: MediumInput): Uint8Array {
  return encodePng(contactSheet([thumbnailsOf(decoded, input, WIDTH)], { gap: 2 }));
}
