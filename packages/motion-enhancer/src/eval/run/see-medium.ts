import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fromTypedArray, keep, noGrad, scope } from '@motion-enhancer/libtorch';
import { makeFolder, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import type { MediumInput, Vlm } from '../../vlm/types.js';
import type { Visual } from '../../vlm/visual.js';
import type { ReadMedium } from '../media/read-medium.js';
import type { MediumGroup } from './plan.js';

/** A medium that the model has seen: its pixels are gone, its embeddings stay. */
export interface SeenMedium {
  input: MediumInput;
  visual: Visual | null;
  /** Its frames' picture, in the run's folder. */
  picture: string | undefined;
}

/** Encodes a medium once for all its questions. @param out where its picture goes */
export function seeMedium(vlm: Vlm, read: ReadMedium, group: MediumGroup, out: string): SeenMedium {
  const { pixels: bytes, shape, dtype, picture, ...rest } = read;
  const pixels = fromTypedArray(bytes, shape, dtype);
  try {
    const input: MediumInput = { ...rest, pixels };
    const visual = keep(noGrad(() => scope(() => vlm.encode([input]))));
    return { input, visual, picture: picture ? savePicture(out, group, picture) : undefined };
  } finally {
    pixels.dispose();
  }
}

/** The name is that of the medium's first question: it does not depend on where the data lie. */
function savePicture(out: string, { questions }: MediumGroup, png: Uint8Array): string {
  const name = createHash('sha256').update(questions[0]!.id).digest('hex').slice(0, 16);
  const folder = join(out, 'frames');
  makeFolder(folder);
  writeFileAtomically(join(folder, `${name}.png`), png.byteLength, (fd) => writeFully(fd, png));
  return `frames/${name}.png`;
}
