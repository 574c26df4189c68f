import { type Orientation, UPRIGHT } from '../video/orientation.js';
import { tiffDirectory } from './tiff-directory.js';

const TAG = 0x0112;

/** How an image is turned to be shown, from 1 (as it is stored) to 8. Source: EXIF 2.32, 4.6.4 (Orientation). */
const TURNS: Readonly<Record<number, Orientation>> = {
  1: UPRIGHT,
  2: { rotation: 0, swap: false, flipX: true, flipY: false },
  3: { rotation: 180, swap: false, flipX: true, flipY: true },
  4: { rotation: 180, swap: false, flipX: false, flipY: true },
  5: { rotation: 90, swap: true, flipX: false, flipY: false },
  6: { rotation: -90, swap: true, flipX: true, flipY: false },
  7: { rotation: -90, swap: true, flipX: true, flipY: true },
  8: { rotation: 90, swap: true, flipX: false, flipY: true },
};

/** The orientation that EXIF data (or a TIFF file) asks for; upright where it says nothing or nothing known. */
export function exifOrientation(exif: Uint8Array): Orientation {
  const turn = tiffDirectory(exif)?.numbers(TAG)[0] ?? 1;
  return TURNS[turn] ?? UPRIGHT;
}
