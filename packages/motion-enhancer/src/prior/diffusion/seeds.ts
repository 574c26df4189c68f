/** Seed of the noise that the reconstruction starts from: the even ones, so that no two runs share noise by accident. */
export const startSeed = (seed: number): number => 2 * seed;

/** Seed of a draw from the video autoencoder's posterior: the odd ones. */
export const posteriorSeed = (seed: number): number => 2 * seed + 1;

/** Odd, so that its multiples differ below 2³¹. */
const STRIDE = 521_288_629;

/**
 * Seed of the noise of a single forward pass: an even one, each pass with its own, far from starts of small seeds. It
 * stays below 2³², as generators on the CPU look at no more.
 */
export const renoiseSeed = (seed: number, pass: number): number => 2 * ((seed + (pass + 1) * STRIDE) % 2 ** 31);
