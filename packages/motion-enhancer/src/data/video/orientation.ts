/** How a stored frame is turned to be shown: one of the eight symmetries of a rectangle. */
export interface Orientation {
  /** Degrees counter-clockwise, in [-180, 180], as FFmpeg's `av_display_rotation_get` gives them. */
  rotation: number;
  /** Rows and columns change places: the shown width is the stored height. */
  swap: boolean;
  /** The shown x axis runs against the stored axis it shows. */
  flipX: boolean;
  /** The shown y axis runs against the stored axis it shows. */
  flipY: boolean;
}

export const UPRIGHT: Orientation = { rotation: 0, swap: false, flipX: false, flipY: false };

const DISPLAY_MATRIX_BYTES = 9 * 4;

/**
 * Orientation from a container's display matrix: 9 int32 `[a b u; c d v; x y w]`, x' = a·x + c·y, y' = b·x + d·y.
 * Turns that are no multiple of 90° are shown at the nearest one. A matrix that is too short or empty is upright.
 */
export function orientationFromMatrix(matrix: Uint8Array | null): Orientation {
  if (!matrix || matrix.byteLength < DISPLAY_MATRIX_BYTES) return UPRIGHT;
  const view = new DataView(matrix.buffer, matrix.byteOffset, matrix.byteLength);
  const entry = (index: number) => view.getInt32(index * 4, true);
  const [a, b, c, d] = [entry(0), entry(1), entry(3), entry(4)];
  const scaleX = Math.hypot(a, c);
  const scaleY = Math.hypot(b, d);
  if (scaleX === 0 || scaleY === 0) return UPRIGHT;
  const degrees = -Math.round((Math.atan2(b / scaleY, a / scaleX) * 180) / Math.PI);
  const swap = Math.abs(b) > Math.abs(a);
  return { rotation: degrees === 0 ? 0 : degrees, swap, flipX: (swap ? c : a) < 0, flipY: (swap ? b : d) < 0 };
}

/**
 * Writes a stored RGB frame into `target` as it is to be shown.
 * @param source uint8 [height, width, 3] as stored
 * @param target uint8 of the same length; [width, height, 3] when the orientation swaps
 */
export function orientRgb(
  source: Uint8Array,
  width: number,
  height: number,
  { swap, flipX, flipY }: Orientation,
  target: Uint8Array,
): void {
  if (!swap && !flipX && !flipY) {
    target.set(source);
    return;
  }
  const shownWidth = swap ? height : width;
  const shownHeight = swap ? width : height;
  // Byte steps in the stored frame for one step right and one step down in the shown one.
  const stepX = (swap ? width * 3 : 3) * (flipX ? -1 : 1);
  const stepY = (swap ? 3 : width * 3) * (flipY ? -1 : 1);
  const first = (flipX ? (shownWidth - 1) * -stepX : 0) + (flipY ? (shownHeight - 1) * -stepY : 0);
  let to = 0;
  for (let y = 0; y < shownHeight; y++) {
    let from = first + y * stepY;
    for (let x = 0; x < shownWidth; x++) {
      target[to++] = source[from]!;
      target[to++] = source[from + 1]!;
      target[to++] = source[from + 2]!;
      from += stepX;
    }
  }
}
