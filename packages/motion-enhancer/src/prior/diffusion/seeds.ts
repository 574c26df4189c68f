/** Seed of the noise that the reconstruction starts from: the even ones, so that no two runs share noise by accident. */
export const startSeed = (seed: number): number => 2 * seed;

/** Seed of a draw from the video autoencoder's posterior: the odd ones. */
export const posteriorSeed = (seed: number): number => 2 * seed + 1;

/** Seed of the noise of a single forward pass: even ones far from all starts, each pass with its own. */
export const renoiseSeed = (seed: number, pass: number): number => 2 * (seed + (pass + 1) * 2 ** 32);
