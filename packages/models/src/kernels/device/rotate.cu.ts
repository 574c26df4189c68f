/**
 * CUDA C++ of rotary positions of pairs (i, i + width / 2): (a, b) becomes (a c - b s, b c + a s). Products are never
 * contracted into sums: those of plain operators are apart.
 */
export const ROTATE_SOURCE = `
// Rounds every product to the tensor's type, as plain operators on such tensors do.
__device__ __forceinline__ float lowerRounded(float a, float b, float c, float s) { return rounded(a * c) + rounded(-b * s); }
__device__ __forceinline__ float upperRounded(float a, float b, float c, float s) { return rounded(b * c) + rounded(a * s); }
// All in float.
__device__ __forceinline__ void rotateFloat(float a, float b, float c, float s, float& lower, float& upper) {
  lower = __fadd_rn(__fmul_rn(a, c), __fmul_rn(-b, s));
  upper = __fadd_rn(__fmul_rn(b, c), __fmul_rn(a, s));
}
`;
