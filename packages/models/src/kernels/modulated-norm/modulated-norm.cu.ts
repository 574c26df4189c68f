import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';

/**
 * CUDA C++ of a layer norm with modulation at inference. A thread holds eight neighbouring elements (16 bytes). Every value
 * that the plain operators would round to the tensor's type is rounded here too, so that the two agree but for the order
 * of sums.
 */
export const MODULATED_NORM_SOURCE = `${ELEMENT_SOURCE}${REDUCE_SOURCE}
__device__ float blockSum(float x, float* shared) {
  x = warpSum(x);
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  __syncthreads();
  if (lane == 0) shared[warp] = x;
  __syncthreads();
  return warpSum(lane < warps ? shared[lane] : 0);
}

// (1 + scale) LN(x) + shift, text tokens first, with shift, scale, gate, textShift, textScale, textGate in one row of
// modulation. A block is a token.
extern "C" __global__ void modulatedNorm(const T* x, const T* weight, const T* bias, const T* modulation, T* out,
                                         int width, int tokens, int textTokens, long long modulationStride,
                                         float eps) {
  __shared__ float shared[32];
  const long long row = blockIdx.x;
  const int at = 8 * threadIdx.x;
  const bool inside = at < width;
  const long long batch = row / tokens;
  const T* m = modulation + batch * modulationStride + (row % tokens < textTokens ? 3 * width : 0);
  float v[8] = {0}, w[8], b[8], shift[8], scale[8];
  if (inside) {
    load(x + row * width + at, v);
    load(weight + at, w);
    load(bias + at, b);
    load(m + at, shift);
    load(m + width + at, scale);
  }
  const float mean = blockSum(sumOf(v), shared) / width;
  float squares = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) { const float d = inside ? v[i] - mean : 0; squares += d * d; }
  const float rstd = rsqrtf(blockSum(squares, shared) / width + eps);
  if (!inside) return;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const float normed = rounded((v[i] - mean) * rstd * w[i] + b[i]);
    v[i] = shift[i] + normed * rounded(1.0f + scale[i]);
  }
  store(out + row * width + at, v);
}
`;
