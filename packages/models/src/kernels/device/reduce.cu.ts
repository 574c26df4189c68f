/** CUDA C++ of sums and maxima over neighbouring threads. The order of every sum is fixed: the same input gives the same bits. */
export const REDUCE_SOURCE = `
#define ALL_LANES 0xffffffffu
// Over groups of LANES neighbouring threads, 32 at most; all of them have the result.
template <int LANES>
__device__ __forceinline__ float laneSum(float x) {
#pragma unroll
  for (int o = LANES / 2; o > 0; o >>= 1) x += __shfl_xor_sync(ALL_LANES, x, o);
  return x;
}
template <int LANES>
__device__ __forceinline__ float laneMax(float x) {
#pragma unroll
  for (int o = LANES / 2; o > 0; o >>= 1) x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, o));
  return x;
}
__device__ __forceinline__ float warpSum(float x) { return laneSum<32>(x); }
__device__ __forceinline__ float warpMax(float x) { return laneMax<32>(x); }
// Over the four threads that hold a row of a tensor-core product, neighbours first.
__device__ __forceinline__ float quadSum(float x) {
  x += __shfl_xor_sync(ALL_LANES, x, 1);
  return x + __shfl_xor_sync(ALL_LANES, x, 2);
}
__device__ __forceinline__ float quadMax(float x) {
  x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, 1));
  return fmaxf(x, __shfl_xor_sync(ALL_LANES, x, 2));
}
// Of a thread's own eight.
__device__ __forceinline__ float sumOf(const float* x) {
  float s = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) s += x[i];
  return s;
}
`;
