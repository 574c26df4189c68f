import { ADD_UP_WARPS_SOURCE } from '../device/add-up-warps.cu.js';
import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { NORM_SOURCE } from '../device/norm.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';

/**
 * CUDA C++ of a layer norm with modulation and its gradients. A thread holds eight neighbouring elements (16 bytes), a
 * warp a token of up to 256. Modulations and their gradients are float
 * [batch, 2, width], the video's first; text tokens stand before video tokens. Sums over tokens have a fixed order.
 */
export const MODULATED_NORM_TRAINING_SOURCE = `${ELEMENT_SOURCE}${REDUCE_SOURCE}${NORM_SOURCE}${ADD_UP_WARPS_SOURCE}
// out = norm(x) * by + plus. A warp is a token.
extern "C" __global__ void modulate(const T* x, const float* by, const float* plus, T* out, long long rows, int width, int tokens,
                                    int textTokens, float eps) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
  if (row >= rows) return;
  const long long modulation = (row / tokens * 2 + (row % tokens < textTokens)) * width + 8 * lane;
  const bool inside = 8 * lane < width;
  float n[8] = {0};
  if (inside) load(x + row * width + 8 * lane, n);
  norm<32>(n, inside, width, eps);
  if (!inside) return;
  float b[8], p[8];
  loadAligned(by + modulation, b);
  loadAligned(plus + modulation, p);
#pragma unroll
  for (int i = 0; i < 8; i++) n[i] = n[i] * b[i] + p[i];
  store(out + row * width + 8 * lane, n);
}

// A block has all tokens of one kind (blockIdx.y: 0 video, 1 text) of a sample, so that it alone sums for its modulation.
extern "C" __global__ void __launch_bounds__(1024) modulateBackward(const T* grad, const T* x, const float* by, T* gradX, float* gradBy, float* gradPlus,
                                        int width, int tokens, int textTokens, float eps) {
  __shared__ float shared[32 * 256];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const bool inside = 8 * lane < width;
  const int from = blockIdx.y ? 0 : textTokens, to = blockIdx.y ? textTokens : tokens;
  const long long modulation = ((long long)blockIdx.x * 2 + blockIdx.y) * width;
  float b[8] = {0}, sumBy[8] = {0}, sumPlus[8] = {0};
  if (inside) loadAligned(by + modulation + 8 * lane, b);
  for (int token = from + warp; token < to; token += warps) {
    const long long at = ((long long)blockIdx.x * tokens + token) * width + 8 * lane;
    float n[8] = {0}, d[8] = {0};
    if (inside) {
      load(x + at, n);
      load(grad + at, d);
    }
    const float rstd = norm<32>(n, inside, width, eps);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      sumBy[i] += d[i] * n[i];
      sumPlus[i] += d[i];
      d[i] *= b[i];
    }
    normBack<32>(d, n, rstd, width);
    if (inside) store(gradX + at, d);
  }
  addUpWarps(sumBy, gradBy + modulation, width, shared);
  addUpWarps(sumPlus, gradPlus + modulation, width, shared);
}
`;
