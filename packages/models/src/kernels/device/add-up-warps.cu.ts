/** CUDA C++ that sums what a block's warps hold, in a fixed order. */
export const ADD_UP_WARPS_SOURCE = `
// The sum over a block's warps of the eights that each lane holds, to out [width]; by all threads.
__device__ __forceinline__ void addUpWarps(const float* sums, float* out, int width, float* shared) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
#pragma unroll
  for (int i = 0; i < 8; i++) shared[warp * 256 + i * 32 + lane] = sums[i];
  __syncthreads();
  for (int at = threadIdx.x; at < width; at += blockDim.x) {
    float s = 0;
    for (int w = 0; w < warps; w++) s += shared[w * 256 + (at & 7) * 32 + (at >> 3)];
    out[at] = s;
  }
  __syncthreads();
}
`;
