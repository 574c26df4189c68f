import { ELEMENT_SOURCE } from '../../../kernels/element.cu.js';

/**
 * CUDA C++ of `block-kernels.ts`, compiled at run time. A thread holds eight neighbouring elements (16 bytes). Every value
 * that the plain operators would round to the tensor's type is rounded here too, so that the two agree but for the order
 * of sums.
 */
export const BLOCK_KERNELS_SOURCE = `${ELEMENT_SOURCE}
__device__ __forceinline__ float sumOf(const float* x) {
  float s = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) s += x[i];
  return s;
}

__device__ float blockSum(float x, float* shared) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) x += __shfl_xor_sync(0xffffffffu, x, o);
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  __syncthreads();
  if (lane == 0) shared[warp] = x;
  __syncthreads();
  float s = lane < warps ? shared[lane] : 0;
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) s += __shfl_xor_sync(0xffffffffu, s, o);
  return s;
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

// LayerNorm over every head of 64, then rotation of adjacent pairs of the video tokens, in place. Eight threads are a
// head; blockIdx.y chooses queries or keys. turn: (cos, sin) [S, 32], or null for no rotation.
extern "C" __global__ void headNormRope(T* q, T* k, const T* qWeight, const T* qBias, const T* kWeight, const T* kBias,
                                        const float2* turn, long long vectors, int heads, int tokens, int textTokens,
                                        float eps) {
  const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  // Threads beyond the end work on the last vector, for shuffles want whole warps, and store nothing.
  const bool inside = (at >> 3) < vectors;
  const long long vector = inside ? at >> 3 : vectors - 1;
  const int part = at & 7;
  T* x = (blockIdx.y ? k : q) + vector * 64 + part * 8;
  float v[8], w[8], b[8];
  load(x, v);
  load((blockIdx.y ? kWeight : qWeight) + part * 8, w);
  load((blockIdx.y ? kBias : qBias) + part * 8, b);
  float s = sumOf(v);
#pragma unroll
  for (int o = 4; o > 0; o >>= 1) s += __shfl_xor_sync(0xffffffffu, s, o);
  const float mean = s / 64;
  float squares = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) { const float d = v[i] - mean; squares += d * d; }
#pragma unroll
  for (int o = 4; o > 0; o >>= 1) squares += __shfl_xor_sync(0xffffffffu, squares, o);
  const float rstd = rsqrtf(squares / 64 + eps);
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] = rounded((v[i] - mean) * rstd * w[i] + b[i]);
  const int token = (int)((vector / heads) % tokens);
  if (turn && token >= textTokens) {
    const float2* row = turn + (long long)(token - textTokens) * 32 + part * 4;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const float2 t = row[i];
      const float re = v[2 * i], im = v[2 * i + 1];
      v[2 * i] = re * t.x - im * t.y;
      v[2 * i + 1] = re * t.y + im * t.x;
    }
  }
  if (inside) store(x, v);
}
`;
