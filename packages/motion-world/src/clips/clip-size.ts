/** Frames and pixels of the clips that the world's models see. */
export const CLIP = { frames: 16, size: 64 } as const;
