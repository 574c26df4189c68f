import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';

/** Threads of a block; the kernels count on whole warps. */
export const ROW_THREADS = 256;

/**
 * CUDA C++ of `attention-rows-kernel.ts`: what stands between the products of chosen rows of an attention map. scores
 * [H, R, N] are q·k without the scale; places: the query positions [R]. Sums have one order: the same input gives the same
 * bits.
 */
export const ATTENTION_ROWS_SOURCE = `${ELEMENT_SOURCE}${REDUCE_SOURCE}
constexpr int WARPS = ${ROW_THREADS / 32};

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

// grid (R, H): lse [H, R] over the keys up to the row's place, of the scaled scores
extern "C" __global__ __launch_bounds__(${ROW_THREADS}) void rowLse(const T* scores, const long long* places, float* lse, int N, float scale) {
  __shared__ float shared[WARPS];
  const int count = (int)places[blockIdx.x] + 1;
  const long long row = (long long)blockIdx.y * gridDim.x + blockIdx.x;
  const T* const s = scores + row * N;
  float top = -INFINITY_;
  for (int n = threadIdx.x; n < count; n += blockDim.x) top = fmaxf(top, up(s[n]));
  top = blockReduce<true>(top, shared) * scale;
  float sum = 0;
  for (int n = threadIdx.x; n < count; n += blockDim.x) sum += expf(up(s[n]) * scale - top);
  sum = blockReduce<false>(sum, shared);
  if (threadIdx.x == 0) lse[row] = top + logf(sum);
}

// rows [R, N] = mean over heads of the probabilities, 0 beyond the row's place
extern "C" __global__ void meanOfHeads(const T* scores, const float* lse, const long long* places, float* rows, int R, int N,
                                       int H, float scale) {
  const long long cells = (long long)R * N;
  const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= cells) return;
  const int r = (int)(at / N), n = (int)(at - (long long)r * N);
  float sum = 0;
  if (n <= places[r])
    for (int h = 0; h < H; h++) sum += expf(up(scores[h * cells + at]) * scale - lse[h * R + r]);
  rows[at] = sum / H;
}

// grid (R, H): the gradient of the scores [H, R, N] of that of the rows [R, N]
extern "C" __global__ __launch_bounds__(${ROW_THREADS}) void scoreGradient(const float* grad, const T* scores, const float* lse,
                                                               const long long* places, T* gradScores, int N, float scale) {
  __shared__ float shared[WARPS];
  const int count = (int)places[blockIdx.x] + 1;
  const long long row = (long long)blockIdx.y * gridDim.x + blockIdx.x;
  const T* const s = scores + row * N;
  const float* const d = grad + (long long)blockIdx.x * N;
  T* const out = gradScores + row * N;
  const float norm = lse[row];
  float mean = 0;
  for (int n = threadIdx.x; n < count; n += blockDim.x) mean += expf(up(s[n]) * scale - norm) * d[n];
  mean = blockReduce<false>(mean, shared);
  const float share = scale / gridDim.y;
  for (int n = threadIdx.x; n < N; n += blockDim.x)
    out[n] = n < count ? down(expf(up(s[n]) * scale - norm) * (d[n] - mean) * share) : (T)0;
}
`;
