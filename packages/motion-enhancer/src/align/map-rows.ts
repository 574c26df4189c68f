export const mapSum = (map: Float32Array): number => map.reduce((sum, value) => sum + value, 0);

/** The least float32 above 0: what a map of zeros is divided by, which leaves it as it is. */
export const LEAST = 2 ** -149;
