import { ELEMENT_SOURCE } from './element.cu.js';

/** Threads of a block; the kernels count on whole warps. */
export const ROW_THREADS = 256;
/** Keys of a block of `rowsKeyGradient`. */
export const KEY_TILE = 32;

/**
 * CUDA C++ of `attention-rows-kernel.ts`. q [N, H, D], k [N, G, D], rotated; D is 64 or 128, a constant of the compilation.
 * places: the query positions [R]. Sums have one order: the same input gives the same bits.
 */
export const ATTENTION_ROWS_SOURCE = `${ELEMENT_SOURCE}
// Eight neighbouring elements a lane: LANES lanes are a key, so that a warp looks at KEYS of them at a time.
constexpr int WARPS = ${ROW_THREADS / 32}, LANES = D / 8, KEYS = 32 / LANES, TILE = ${KEY_TILE};

__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) x += __shfl_xor_sync(0xffffffffu, x, o);
  return x;
}
__device__ __forceinline__ float warpMax(float x) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, o));
  return x;
}
template <bool MAX>
__device__ float blockReduce(float x, float* shared) {
  x = MAX ? warpMax(x) : warpSum(x);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = x;
  __syncthreads();
  float total = shared[0];
#pragma unroll
  for (int w = 1; w < WARPS; w++) total = MAX ? fmaxf(total, shared[w]) : total + shared[w];
  return total;
}

// grid (R, H): probabilities [H, R, N] of one row of one head over the keys up to its place, 0 beyond.
extern "C" __global__ __launch_bounds__(${ROW_THREADS}) void rowProbabilities(const T* q, const T* k, const long long* places,
                                                                  float* probabilities, int N, int H, int G, float scale) {
  extern __shared__ float scores[]; // [N]
  __shared__ float shared[WARPS];
  const int r = blockIdx.x, h = blockIdx.y, g = h / (H / G);
  const int group = threadIdx.x / LANES, part = (threadIdx.x % LANES) * 8;
  const int count = (int)places[r] + 1;
  float query[8];
  load(q + ((long long)places[r] * H + h) * D + part, query);
#pragma unroll
  for (int i = 0; i < 8; i++) query[i] *= scale;
  float top = -INFINITY_;
  // Whole warps stay together for the sums: groups beyond the end look at the last key again.
#pragma unroll 4
  for (int first = 0; first < count; first += WARPS * KEYS) {
    const int n = min(first + group, count - 1);
    float key[8], dot = 0;
    load(k + ((long long)n * G + g) * D + part, key);
#pragma unroll
    for (int i = 0; i < 8; i++) dot += query[i] * key[i];
#pragma unroll
    for (int o = LANES / 2; o > 0; o >>= 1) dot += __shfl_xor_sync(0xffffffffu, dot, o);
    top = fmaxf(top, dot);
    if (part == 0) scores[n] = dot;
  }
  top = blockReduce<true>(top, shared);
  float sum = 0;
  for (int n = threadIdx.x; n < count; n += blockDim.x) {
    const float e = expf(scores[n] - top);
    scores[n] = e;
    sum += e;
  }
  sum = blockReduce<false>(sum, shared);
  float* const out = probabilities + ((long long)h * gridDim.x + r) * N;
  for (int n = threadIdx.x; n < N; n += blockDim.x) out[n] = n < count ? scores[n] / sum : 0.0f;
}

// rows [R, N] = mean over heads
extern "C" __global__ void meanOfHeads(const float* probabilities, float* rows, long long cells, int H) {
  const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= cells) return;
  float sum = 0;
  for (int h = 0; h < H; h++) sum += probabilities[h * cells + at];
  rows[at] = sum / H;
}

extern "C" __global__ void clear(T* out, long long count) {
  const long long at = 8 * ((long long)blockIdx.x * blockDim.x + threadIdx.x);
  if (at >= count) return;
  *reinterpret_cast<uint4*>(out + at) = make_uint4(0, 0, 0, 0);
}

// grid (R, H): gradients of the scores, in place of the probabilities, and of the row's query. grad [R, N]
extern "C" __global__ __launch_bounds__(${ROW_THREADS}) void rowsQueryGradient(const float* grad, const T* k, const long long* places,
                                                                   float* probabilities, T* gradQ, int N, int H, int G,
                                                                   float scale) {
  __shared__ float shared[WARPS], partial[WARPS][D];
  const int r = blockIdx.x, h = blockIdx.y, g = h / (H / G);
  const int warp = threadIdx.x >> 5, group = threadIdx.x / LANES, part = (threadIdx.x % LANES) * 8;
  const int count = (int)places[r] + 1;
  float* const p = probabilities + ((long long)h * gridDim.x + r) * N;
  const float* const d = grad + (long long)r * N;
  float mean = 0;
  for (int n = threadIdx.x; n < count; n += blockDim.x) mean += p[n] * d[n];
  mean = blockReduce<false>(mean, shared);
  const float share = scale / H;
  for (int n = threadIdx.x; n < count; n += blockDim.x) p[n] = p[n] * (d[n] - mean) * share;
  __syncthreads();
  float sum[8];
#pragma unroll
  for (int i = 0; i < 8; i++) sum[i] = 0;
#pragma unroll 4
  for (int n = group; n < count; n += WARPS * KEYS) {
    float key[8];
    load(k + ((long long)n * G + g) * D + part, key);
    const float s = p[n];
#pragma unroll
    for (int i = 0; i < 8; i++) sum[i] += s * key[i];
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
#pragma unroll
    for (int o = 16; o >= LANES; o >>= 1) sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], o);
  }
  if ((threadIdx.x & 31) < LANES)
#pragma unroll
    for (int i = 0; i < 8; i++) partial[warp][part + i] = sum[i];
  __syncthreads();
  for (int i = threadIdx.x; i < D; i += blockDim.x) {
    float total = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) total += partial[w][i];
    gradQ[((long long)places[r] * H + h) * D + i] = down(total);
  }
}

// grid (key tiles, G): gradK [N, G, D] = sum over the group's heads and all rows of score gradient times query.
extern "C" __global__ __launch_bounds__(${ROW_THREADS}) void rowsKeyGradient(const float* scores, const T* q, const long long* places, T* gradK,
                                                                 int N, int H, int G, int R) {
  constexpr int CHUNK = 8, COLUMNS = D / 4, OWN = TILE / (${ROW_THREADS} / COLUMNS);
  __shared__ __align__(16) float queries[CHUNK][D];
  __shared__ float weights[CHUNK][TILE];
  const int g = blockIdx.y, first = blockIdx.x * TILE, per = H / G;
  const int column = (threadIdx.x % COLUMNS) * 4, row = (threadIdx.x / COLUMNS) * OWN;
  float sum[OWN][4];
#pragma unroll
  for (int i = 0; i < OWN; i++)
#pragma unroll
    for (int j = 0; j < 4; j++) sum[i][j] = 0;
  const int pairs = per * R;
  for (int from = 0; from < pairs; from += CHUNK) {
    __syncthreads();
    for (int i = threadIdx.x; i < CHUNK * D; i += blockDim.x) {
      const int pair = from + i / D;
      const int h = g * per + pair / R, r = pair % R;
      queries[i / D][i % D] = pair < pairs ? up(q[((long long)places[r] * H + h) * D + i % D]) : 0.0f;
    }
    for (int i = threadIdx.x; i < CHUNK * TILE; i += blockDim.x) {
      const int pair = from + i / TILE, n = first + i % TILE;
      const int h = g * per + pair / R, r = pair % R;
      // Keys beyond a row's place have no part in it: what stands there is its probability, 0.
      weights[i / TILE][i % TILE] = pair < pairs && n < N ? scores[((long long)h * R + r) * N + n] : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int c = 0; c < CHUNK; c++) {
      const float4 v = *reinterpret_cast<const float4*>(&queries[c][column]);
#pragma unroll
      for (int i = 0; i < OWN; i++) {
        const float w = weights[c][row + i];
        sum[i][0] += w * v.x;
        sum[i][1] += w * v.y;
        sum[i][2] += w * v.z;
        sum[i][3] += w * v.w;
      }
    }
  }
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    const int n = first + row + i;
    if (n >= N) continue;
#pragma unroll
    for (int j = 0; j < 4; j++) gradK[((long long)n * G + g) * D + column + j] = down(sum[i][j]);
  }
}
`;
