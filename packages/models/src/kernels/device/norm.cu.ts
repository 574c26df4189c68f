/** CUDA C++ of norms over the eights of neighbouring threads, and their gradients; comes after the sources of elements and sums. */
export const NORM_SOURCE = `
// x becomes its norm without gain, over the eights of LANES threads, count elements in all; gives 1 / deviation.
template <int LANES>
__device__ __forceinline__ float norm(float* x, bool inside, int count, float eps) {
  const float mean = laneSum<LANES>(inside ? sumOf(x) : 0) / count;
  float squares = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    x[i] = inside ? x[i] - mean : 0;
    squares += x[i] * x[i];
  }
  const float rstd = rsqrtf(laneSum<LANES>(squares) / count + eps);
#pragma unroll
  for (int i = 0; i < 8; i++) x[i] *= rstd;
  return rstd;
}
// d becomes the gradient of what was normed to n, from the gradient of n.
template <int LANES>
__device__ __forceinline__ void normBack(float* d, const float* n, float rstd, int count) {
  float product = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) product += d[i] * n[i];
  const float mean = laneSum<LANES>(sumOf(d)) / count, along = laneSum<LANES>(product) / count;
#pragma unroll
  for (int i = 0; i < 8; i++) d[i] = rstd * (d[i] - mean - n[i] * along);
}
`;
