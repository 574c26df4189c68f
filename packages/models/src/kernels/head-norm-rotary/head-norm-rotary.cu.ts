import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';

/**
 * CUDA C++ of the norm of every head of queries and keys and their rotation at inference. A thread holds eight neighbouring elements (16 bytes). Every value
 * that the plain operators would round to the tensor's type is rounded here too, so that the two agree but for the order
 * of sums.
 */
export const HEAD_NORM_ROTARY_SOURCE = `${ELEMENT_SOURCE}${REDUCE_SOURCE}
// LayerNorm over every head of 64, then rotation of adjacent pairs of the video tokens, in place. Eight threads are a
// head; blockIdx.y chooses queries or keys. angles: (cos, sin) [S, 32], or null for no rotation.
extern "C" __global__ void headNormRotary(T* q, T* k, const T* qWeight, const T* qBias, const T* kWeight, const T* kBias,
                                        const float2* angles, long long vectors, int heads, int tokens, int textTokens,
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
  const float mean = laneSum<8>(sumOf(v)) / 64;
  float squares = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) { const float d = v[i] - mean; squares += d * d; }
  squares = laneSum<8>(squares);
  const float rstd = rsqrtf(squares / 64 + eps);
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] = rounded((v[i] - mean) * rstd * w[i] + b[i]);
  const int token = (int)((vector / heads) % tokens);
  if (angles && token >= textTokens) {
    const float2* row = angles + (long long)(token - textTokens) * 32 + part * 4;
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
