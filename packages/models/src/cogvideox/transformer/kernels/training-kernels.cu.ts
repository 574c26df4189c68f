import { ELEMENT_SOURCE } from '../../../kernels/element.cu.js';

/**
 * CUDA C++ of `training-kernels.ts`: the element-wise parts of a block with their gradients. A thread holds eight
 * neighbouring elements (16 bytes), a warp a token of up to 256. Modulations and their gradients are float
 * [batch, 2, width], the video's first; text tokens stand before video tokens. Sums over tokens have a fixed order.
 */
export const TRAINING_KERNELS_SOURCE = `${ELEMENT_SOURCE}
#define ALL 0xffffffffu
__device__ __forceinline__ void loadFloats(const float* from, float* to) {
#pragma unroll
  for (int i = 0; i < 8; i += 4) *reinterpret_cast<float4*>(to + i) = *reinterpret_cast<const float4*>(from + i);
}
template <int LANES>
__device__ __forceinline__ float sumOver(float x) {
#pragma unroll
  for (int o = LANES / 2; o > 0; o >>= 1) x += __shfl_xor_sync(ALL, x, o);
  return x;
}
__device__ __forceinline__ float sumOf(const float* x) {
  float s = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) s += x[i];
  return s;
}
// x becomes its norm without gain, over the eights of LANES threads, count elements in all; gives 1 / deviation.
template <int LANES>
__device__ __forceinline__ float norm(float* x, bool inside, int count, float eps) {
  const float mean = sumOver<LANES>(inside ? sumOf(x) : 0) / count;
  float squares = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    x[i] = inside ? x[i] - mean : 0;
    squares += x[i] * x[i];
  }
  const float rstd = rsqrtf(sumOver<LANES>(squares) / count + eps);
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
  const float mean = sumOver<LANES>(sumOf(d)) / count, along = sumOver<LANES>(product) / count;
#pragma unroll
  for (int i = 0; i < 8; i++) d[i] = rstd * (d[i] - mean - n[i] * along);
}
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
  loadFloats(by + modulation, b);
  loadFloats(plus + modulation, p);
#pragma unroll
  for (int i = 0; i < 8; i++) n[i] = n[i] * b[i] + p[i];
  store(out + row * width + 8 * lane, n);
}

// A block has all tokens of one kind (blockIdx.y: 0 video, 1 text) of a sample, so that it alone sums for its modulation.
extern "C" __global__ void __launch_bounds__(1024) modulateBack(const T* grad, const T* x, const float* by, T* gradX, float* gradBy, float* gradPlus,
                                        int width, int tokens, int textTokens, float eps) {
  __shared__ float shared[32 * 256];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const bool inside = 8 * lane < width;
  const int from = blockIdx.y ? 0 : textTokens, to = blockIdx.y ? textTokens : tokens;
  const long long modulation = ((long long)blockIdx.x * 2 + blockIdx.y) * width;
  float b[8] = {0}, sumBy[8] = {0}, sumPlus[8] = {0};
  if (inside) loadFloats(by + modulation + 8 * lane, b);
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

// out = before + gate * update
extern "C" __global__ void addGated(const T* before, const T* update, const float* gate, T* out, long long rows, int width,
                                    int tokens, int textTokens) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
  if (row >= rows || 8 * lane >= width) return;
  const long long at = row * width + 8 * lane;
  float x[8], u[8], g[8];
  load(before + at, x);
  load(update + at, u);
  loadFloats(gate + (row / tokens * 2 + (row % tokens < textTokens)) * width + 8 * lane, g);
#pragma unroll
  for (int i = 0; i < 8; i++) x[i] += g[i] * u[i];
  store(out + at, x);
}

// Blocks as in modulateBack.
extern "C" __global__ void __launch_bounds__(1024) addGatedBack(const T* grad, const T* update, const float* gate, T* gradBefore, T* gradUpdate,
                                        float* gradGate, int width, int tokens, int textTokens) {
  __shared__ float shared[32 * 256];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const bool inside = 8 * lane < width;
  const int from = blockIdx.y ? 0 : textTokens, to = blockIdx.y ? textTokens : tokens;
  const long long modulation = ((long long)blockIdx.x * 2 + blockIdx.y) * width;
  float g[8] = {0}, sums[8] = {0};
  if (inside) loadFloats(gate + modulation + 8 * lane, g);
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

// Adjacent pairs turned by the angles of a token's row of the tables; sign -1 turns back.
__device__ __forceinline__ void turnPairs(float* x, const float* cosines, const float* sines, float sign) {
  float c[8], s[8];
  loadFloats(cosines, c);
  loadFloats(sines, s);
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    const float re = x[i], im = x[i + 1];
    x[i] = re * c[i] - sign * im * s[i];
    x[i + 1] = im * c[i + 1] + sign * re * s[i + 1];
  }
}

// qkv [rows, 3, heads, 8 LANES] -> q, k, v [rows, heads, 8 LANES], queries and keys normed over a head and turned.
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
    loadFloats(norms + 2 * which * width + part, w);
    loadFloats(norms + (2 * which + 1) * width + part, b);
    norm<LANES>(x, true, width, eps);
#pragma unroll
    for (int i = 0; i < 8; i++) x[i] = x[i] * w[i] + b[i];
    const long long turn = row % tokens * width + part;
    if (cosines) turnPairs(x, cosines + turn, sines + turn, 1.0f);
  }
  T* to = which == 0 ? q : which == 1 ? k : v;
  if (inside) store(to + vector * width + part, x);
}

// sums float [gridDim.x, 2, 2, 8 LANES]: each block's part of the gradient of norms. blockDim.x is 256.
template <int LANES>
__device__ __forceinline__ void splitBack(const T* gradQ, const T* gradK, const T* gradV, const T* qkv, const float* norms,
                                          const float* cosines, const float* sines, T* gradQkv, float* sums, long long vectors,
                                          int heads, int tokens, float eps) {
  constexpr int width = 8 * LANES, at_once = 256 / LANES;
  __shared__ float shared[2][8][256];
  const int part = 8 * (threadIdx.x % LANES), which = blockIdx.y;
  const T* grad = which == 0 ? gradQ : which == 1 ? gradK : gradV;
  float w[8], sumGain[8] = {0}, sumBias[8] = {0};
  if (which < 2) loadFloats(norms + 2 * which * width + part, w);
  for (long long first = (long long)blockIdx.x * at_once; first < vectors; first += (long long)gridDim.x * at_once) {
    const bool inside = first + threadIdx.x / LANES < vectors;
    const long long vector = inside ? first + threadIdx.x / LANES : vectors - 1;
    const long long row = vector / heads;
    const long long whole = ((row * 3 + which) * heads + vector % heads) * width + part;
    float d[8], n[8];
    load(grad + vector * width + part, d);
    if (which < 2) {
      const long long turn = row % tokens * width + part;
      if (cosines) turnPairs(d, cosines + turn, sines + turn, -1.0f);
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
#define SPLIT(LANES)                                                                                                         \\
  extern "C" __global__ void split##LANES(const T* qkv, const float* norms, const float* c, const float* s, T* q, T* k, T* v,  \\
                                          long long vectors, int heads, int tokens, float eps) {                             \\
    split<LANES>(qkv, norms, c, s, q, k, v, vectors, heads, tokens, eps);                                                    \\
  }                                                                                                                          \\
  extern "C" __global__ void __launch_bounds__(256) splitBack##LANES(const T* gradQ, const T* gradK, const T* gradV, const T* qkv, const float* norms, \\
                                              const float* c, const float* s, T* gradQkv, float* sums, long long vectors,    \\
                                              int heads, int tokens, float eps) {                                            \\
    splitBack<LANES>(gradQ, gradK, gradV, qkv, norms, c, s, gradQkv, sums, vectors, heads, tokens, eps);                     \\
  }
SPLIT(2)
SPLIT(4)
SPLIT(8)

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
