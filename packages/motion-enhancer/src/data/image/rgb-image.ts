/** Pixels, row by row from the top: uint8 [height, width, 3]. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}
