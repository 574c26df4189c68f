/** Bytes of a clip's frames: 16 of 64 × 64 pixels. */
export const CLIP_BYTES = 16 * 64 * 64 * 3;
