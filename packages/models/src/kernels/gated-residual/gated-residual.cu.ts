import { ADD_UP_WARPS_SOURCE } from '../device/add-up-warps.cu.js';
import { ELEMENT_SOURCE } from '../device/element.cu.js';

/**
 * CUDA C++ of before + gate · update and its gradients. A thread holds eight neighbouring elements (16 bytes), a warp a
 * token of up to 256. Modulations and their gradients are float
 * [batch, 2, width], the video's first; text tokens stand before video tokens. Sums over tokens have a fixed order.
 */
export const GATED_RESIDUAL_SOURCE = `${ELEMENT_SOURCE}${ADD_UP_WARPS_SOURCE}
// out = before + gate * update
extern "C" __global__ void gatedResidual(const T* before, const T* update, const float* gate, T* out, long long rows, int width,
                                    int tokens, int textTokens) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
  if (row >= rows || 8 * lane >= width) return;
  const long long at = row * width + 8 * lane;
  float x[8], u[8], g[8];
  load(before + at, x);
  load(update + at, u);
  loadAligned(gate + (row / tokens * 2 + (row % tokens < textTokens)) * width + 8 * lane, g);
#pragma unroll
  for (int i = 0; i < 8; i++) x[i] += g[i] * u[i];
  store(out + at, x);
}

// A block has all tokens of one kind (blockIdx.y: 0 video, 1 text) of a sample, so that it alone sums for its gate.
extern "C" __global__ void __launch_bounds__(1024) gatedResidualBackward(const T* grad, const T* update, const float* gate, T* gradBefore, T* gradUpdate,
                                        float* gradGate, int width, int tokens, int textTokens) {
  __shared__ float shared[32 * 256];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const bool inside = 8 * lane < width;
  const int from = blockIdx.y ? 0 : textTokens, to = blockIdx.y ? textTokens : tokens;
  const long long modulation = ((long long)blockIdx.x * 2 + blockIdx.y) * width;
  float g[8] = {0}, sums[8] = {0};
  if (inside) loadAligned(gate + modulation + 8 * lane, g);
  for (int token = from + warp; token < to && inside; token += warps) {
    const long long at = ((long long)blockIdx.x * tokens + token) * width + 8 * lane;
    float d[8], u[8];
    load(grad + at, d);
    load(update + at, u);
    store(gradBefore + at, d);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      sums[i] += d[i] * u[i];
      d[i] *= g[i];
    }
    store(gradUpdate + at, d);
  }
  addUpWarps(sums, gradGate + modulation, width, shared);
}
`;
