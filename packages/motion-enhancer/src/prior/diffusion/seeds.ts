/** Seed of the noise that the reconstruction starts from: the even ones, so that no two runs share noise by accident. */
export const startSeed = (seed: number): number => 2 * seed;

/** Seed of a draw from the video autoencoder's posterior: the odd ones. */
export const posteriorSeed = (seed: number): number => 2 * seed + 1;
