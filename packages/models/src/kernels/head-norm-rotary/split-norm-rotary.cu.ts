import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { NORM_SOURCE } from '../device/norm.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';

/**
 * CUDA C++ that takes queries, keys and values of one product apart, norms the first two over every head and rotates them,
 * with its gradients. A thread holds eight neighbouring elements (16 bytes).
 */
export const SPLIT_NORM_ROTARY_SOURCE = `${ELEMENT_SOURCE}${REDUCE_SOURCE}${NORM_SOURCE}
// Adjacent pairs rotated by the angles of a token's row of the tables; sign -1 rotates back.
__device__ __forceinline__ void rotatePairs(float* x, const float* cosines, const float* sines, float sign) {
  float c[8], s[8];
  loadAligned(cosines, c);
  loadAligned(sines, s);
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    const float re = x[i], im = x[i + 1];
    x[i] = re * c[i] - sign * im * s[i];
    x[i + 1] = im * c[i + 1] + sign * re * s[i + 1];
  }
}

// qkv [rows, 3, heads, 8 LANES] -> q, k, v [rows, heads, 8 LANES], queries and keys normed over a head and rotated.
// norms float [2, 2, 8 LANES]: gain and bias of queries, of keys; tables float [tokens, 8 LANES], null for no rotation.
// blockIdx.y: queries, keys, values.
template <int LANES>
__device__ __forceinline__ void split(const T* qkv, const float* norms, const float* cosines, const float* sines, T* q, T* k, T* v,
                                      long long vectors, int heads, int tokens, float eps) {
  constexpr int width = 8 * LANES;
  const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  // Threads beyond the end work on the last vector, for shuffles want whole warps, and store nothing.
  const bool inside = thread / LANES < vectors;
  const long long vector = inside ? thread / LANES : vectors - 1;
  const long long row = vector / heads;
  const int part = 8 * (int)(thread % LANES), which = blockIdx.y;
  float x[8];
  load(qkv + ((row * 3 + which) * heads + vector % heads) * width + part, x);
  if (which < 2) {
    float w[8], b[8];
    loadAligned(norms + 2 * which * width + part, w);
    loadAligned(norms + (2 * which + 1) * width + part, b);
    norm<LANES>(x, true, width, eps);
#pragma unroll
    for (int i = 0; i < 8; i++) x[i] = x[i] * w[i] + b[i];
    const long long angle = row % tokens * width + part;
    if (cosines) rotatePairs(x, cosines + angle, sines + angle, 1.0f);
  }
  T* to = which == 0 ? q : which == 1 ? k : v;
  if (inside) store(to + vector * width + part, x);
}

// sums float [gridDim.x, 2, 2, 8 LANES]: each block's part of the gradient of norms. blockDim.x is 256.
template <int LANES>
__device__ __forceinline__ void splitBackward(const T* gradQ, const T* gradK, const T* gradV, const T* qkv, const float* norms,
                                          const float* cosines, const float* sines, T* gradQkv, float* sums, long long vectors,
                                          int heads, int tokens, float eps) {
  constexpr int width = 8 * LANES, at_once = 256 / LANES;
  __shared__ float shared[2][8][256];
  const int part = 8 * (threadIdx.x % LANES), which = blockIdx.y;
  const T* grad = which == 0 ? gradQ : which == 1 ? gradK : gradV;
  float w[8], sumGain[8] = {0}, sumBias[8] = {0};
  if (which < 2) loadAligned(norms + 2 * which * width + part, w);
  for (long long first = (long long)blockIdx.x * at_once; first < vectors; first += (long long)gridDim.x * at_once) {
    const bool inside = first + threadIdx.x / LANES < vectors;
    const long long vector = inside ? first + threadIdx.x / LANES : vectors - 1;
    const long long row = vector / heads;
    const long long whole = ((row * 3 + which) * heads + vector % heads) * width + part;
    float d[8], n[8];
    load(grad + vector * width + part, d);
    if (which < 2) {
      const long long angle = row % tokens * width + part;
      if (cosines) rotatePairs(d, cosines + angle, sines + angle, -1.0f);
      load(qkv + whole, n);
      const float rstd = norm<LANES>(n, true, width, eps);
#pragma unroll
      for (int i = 0; i < 8; i++) {
        if (inside) {
          sumGain[i] += d[i] * n[i];
          sumBias[i] += d[i];
        }
        d[i] *= w[i];
      }
      normBack<LANES>(d, n, rstd, width);
    }
    if (inside) store(gradQkv + whole, d);
  }
  if (which == 2) return;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    shared[0][i][threadIdx.x] = sumGain[i];
    shared[1][i][threadIdx.x] = sumBias[i];
  }
  __syncthreads();
  if (threadIdx.x >= 2 * width) return;
  const int kind = threadIdx.x / width, element = threadIdx.x % width;
  float s = 0;
  for (int j = 0; j < at_once; j++) s += shared[kind][element & 7][j * LANES + (element >> 3)];
  sums[(((long long)blockIdx.x * 2 + which) * 2 + kind) * width + element] = s;
}
#define SPLIT_NORM_ROTARY(LANES)                                                                                                         \\
  extern "C" __global__ void split##LANES(const T* qkv, const float* norms, const float* c, const float* s, T* q, T* k, T* v,  \\
                                          long long vectors, int heads, int tokens, float eps) {                             \\
    split<LANES>(qkv, norms, c, s, q, k, v, vectors, heads, tokens, eps);                                                    \\
  }                                                                                                                          \\
  extern "C" __global__ void __launch_bounds__(256) splitBackward##LANES(const T* gradQ, const T* gradK, const T* gradV, const T* qkv, const float* norms, \\
                                              const float* c, const float* s, T* gradQkv, float* sums, long long vectors,    \\
                                              int heads, int tokens, float eps) {                                            \\
    splitBackward<LANES>(gradQ, gradK, gradV, qkv, norms, c, s, gradQkv, sums, vectors, heads, tokens, eps);                     \\
  }
SPLIT_NORM_ROTARY(2)
SPLIT_NORM_ROTARY(4)
SPLIT_NORM_ROTARY(8)

// out[column] = sum over rows of x[rows, columns]; a block has 32 columns, its warps share the rows.
extern "C" __global__ void addUpRows(const float* x, float* out, int rows, int columns) {
  __shared__ float shared[32][33];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const int column = blockIdx.x * 32 + lane;
  float s = 0;
  if (column < columns)
    for (int row = warp; row < rows; row += warps) s += x[(long long)row * columns + column];
  shared[warp][lane] = s;
  __syncthreads();
  if (warp > 0 || column >= columns) return;
  s = 0;
  for (int w = 0; w < warps; w++) s += shared[w][lane];
  out[column] = s;
}
`;
