/** Bytes of one number of a floating-point dtype. */
export const bytesPerElement = (dtype: string): number => (dtype === 'float64' ? 8 : dtype === 'float32' ? 4 : 2);
