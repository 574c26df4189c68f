import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';

/**
 * Dense layers on up to eight rows (a token of each of up to eight replies; one kernel takes sixteen): bound by reading the weights once. A block
 * computes 8 (or 2 × 8) output features for all rows; its eight warps share the inner dimension. A lane reads 16 bytes
 * of a weight's row straight into registers and multiplies them as they lie by tensor-core products: the order of the inner
 * dimension is free as long as both sides have the same. What a plain operator would round to the tensor's type is
 * rounded here too.
 */
export const DECODE_LINEAR_SOURCE = `${ELEMENT_SOURCE}${REDUCE_SOURCE}
enum { PLAIN, RESIDUAL, SWIGLU };
constexpr int WARPS = 8;

__device__ __forceinline__ uint4 stream(const T* from) {
  uint4 r;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w) : "l"(from));
  return r;
}
__device__ __forceinline__ u32 scaled(u32 x, u32 w, float by) { return pack(low(x) * by * low(w), high(x) * by * high(w)); }
__device__ __forceinline__ uint4 scaled(uint4 x, const T* weight, float by) {
  const uint4 w = *reinterpret_cast<const uint4*>(weight);
  return make_uint4(scaled(x.x, w.x, by), scaled(x.y, w.y, by), scaled(x.z, w.z, by), scaled(x.w, w.w, by));
}
__device__ __forceinline__ float squares(uint4 x) {
  float s = 0;
  const u32 v[4] = {x.x, x.y, x.z, x.w};
#pragma unroll
  for (int i = 0; i < 4; i++) s += low(v[i]) * low(v[i]) + high(v[i]) * high(v[i]);
  return s;
}

// x [batch, inner] times rows of up to three matrices, one after the other, as features of out.
struct Job {
  const T* x; const T* w0; const T* w1; const T* w2; const T* b0; const T* b1; const T* b2; const T* norm; T* out;
  int rows0, rows1, rows2, inner, outStride, batch;
  float eps;
};

// HALVES: 1 for up to eight rows, 2 for up to sixteen.
template <int TILES, int MODE, bool NORM, int HALVES = 1>
__device__ __forceinline__ void multiply(const Job& j) {
  constexpr int UNROLL = TILES == 1 ? 4 : 2;
  constexpr int ROWS = 8 * HALVES;
  __shared__ float sums[WARPS][TILES][ROWS][8];
  __shared__ float norms[WARPS][ROWS];
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
  const int features = MODE == SWIGLU ? 8 : 8 * TILES;
  int row0 = blockIdx.x * features;
  const int feature0 = row0;
  const T* matrix = j.w0;
  const T* bias = j.b0;
  int rows = j.rows0;
  if (MODE != SWIGLU && row0 >= j.rows0) {
    row0 -= j.rows0; matrix = j.w1; bias = j.b1; rows = j.rows1;
    if (row0 >= j.rows1) { row0 -= j.rows1; matrix = j.w2; bias = j.b2; rows = j.rows2; }
  }
  const T* from[TILES];
#pragma unroll
  for (int i = 0; i < TILES; i++) {
    const int row = row0 + g + (MODE == SWIGLU ? 0 : 8 * i);
    from[i] = (MODE == SWIGLU && i == 1 ? j.w1 : matrix) + (long long)(row < rows ? row : rows - 1) * j.inner + 8 * t;
  }
  const T* x[HALVES];
  bool live[HALVES];
#pragma unroll
  for (int k = 0; k < HALVES; k++) {
    x[k] = j.x + (long long)(g + 8 * k) * j.inner + 8 * t;
    live[k] = g + 8 * k < j.batch;
  }
  const int chunks = j.inner >> 6;
  const uint4 zero = make_uint4(0, 0, 0, 0);

  uint4 w[2][UNROLL][TILES][2];
  auto fetch = [&](int buffer, int chunk) {
#pragma unroll
    for (int u = 0; u < UNROLL; u++) {
      const int c = chunk + WARPS * u;
      if (c < chunks) {
#pragma unroll
        for (int i = 0; i < TILES; i++) {
          w[buffer][u][i][0] = stream(from[i] + 64 * c);
          w[buffer][u][i][1] = stream(from[i] + 64 * c + 32);
        }
      }
    }
  };
  // Weights are on their way before the kernel before this one ends, and while the norm is computed.
  fetch(0, warp);
  fetch(1, warp + WARPS * UNROLL);
  letNextStart();
  waitForPrevious();
  float by[HALVES];
  if (NORM) {
#pragma unroll
    for (int k = 0; k < HALVES; k++) {
      float s = 0;
      if (live[k])
        for (int c = warp; c < chunks; c += WARPS)
          s += squares(*reinterpret_cast<const uint4*>(x[k] + 64 * c)) + squares(*reinterpret_cast<const uint4*>(x[k] + 64 * c + 32));
      s = quadSum(s);
      if (t == 0) norms[warp][g + 8 * k] = s;
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < HALVES; k++) {
      float s = 0;
#pragma unroll
      for (int i = 0; i < WARPS; i++) s += norms[i][g + 8 * k];
      by[k] = rsqrtf(s / j.inner + j.eps);
    }
  }
  float acc[TILES][4];
#pragma unroll
  for (int i = 0; i < TILES; i++)
#pragma unroll
    for (int k = 0; k < 4; k++) acc[i][k] = 0;
  auto use = [&](int buffer, int chunk) {
#pragma unroll
    for (int u = 0; u < UNROLL; u++) {
      const int c = chunk + WARPS * u;
      if (c < chunks) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const int at = 64 * c + 32 * half;
          uint4 a[2] = {zero, zero};
#pragma unroll
          for (int k = 0; k < HALVES; k++) {
            if (live[k]) a[k] = *reinterpret_cast<const uint4*>(x[k] + at);
            if (NORM) a[k] = scaled(a[k], j.norm + 8 * t + at, by[k]);
          }
#pragma unroll
          for (int i = 0; i < TILES; i++) {
            const uint4 b = w[buffer][u][i][half];
            mma(acc[i], a[0].x, a[1].x, a[0].y, a[1].y, b.x, b.y);
            mma(acc[i], a[0].z, a[1].z, a[0].w, a[1].w, b.z, b.w);
          }
        }
      }
    }
  };
  for (int c = warp; c < chunks; c += 2 * WARPS * UNROLL) {
    use(0, c);
    fetch(0, c + 2 * WARPS * UNROLL);
    use(1, c + WARPS * UNROLL);
    fetch(1, c + 3 * WARPS * UNROLL);
  }
#pragma unroll
  for (int i = 0; i < TILES; i++) {
#pragma unroll
    for (int k = 0; k < 2 * HALVES; k++) sums[warp][i][g + 8 * (k >> 1)][2 * t + (k & 1)] = acc[i][k];
  }
  __syncthreads();
  const int outputs = 8 * ROWS * (MODE == SWIGLU ? 1 : TILES);
  if (threadIdx.x >= outputs) return;
  const int tile = threadIdx.x / (8 * ROWS), b = (threadIdx.x >> 3) % ROWS, r = threadIdx.x & 7;
  const int row = row0 + 8 * tile + r;
  if (b >= j.batch || row >= rows) return;
  float y = 0;
#pragma unroll
  for (int i = 0; i < WARPS; i++) y += sums[i][tile][b][r];
  if (bias) y += up(bias[row]);
  T* to = j.out + (long long)b * j.outStride + feature0 + 8 * tile + r;
  if (MODE == RESIDUAL) y = up(*to) + rounded(y);
  if (MODE == SWIGLU) {
    float more = 0;
#pragma unroll
    for (int i = 0; i < WARPS; i++) more += sums[i][TILES - 1][b][r];
    const float gate = rounded(y);
    y = rounded(gate / (1.0f + expf(-gate))) * rounded(more);
  }
  *to = down(y);
}

#define PARAMETERS const T* x, const T* w0, const T* w1, const T* w2, const T* b0, const T* b1, const T* b2, const T* norm, T* out, \\
                   int rows0, int rows1, int rows2, int inner, int outStride, int batch, float eps
#define JOB Job{x, w0, w1, w2, b0, b1, b2, norm, out, rows0, rows1, rows2, inner, outStride, batch, eps}
// Norm, then up to three layers side by side: query, key, value.
extern "C" __global__ __launch_bounds__(256, 2) void normLinear(PARAMETERS) { multiply<1, PLAIN, true>(JOB); }
// The same for up to sixteen rows.
extern "C" __global__ __launch_bounds__(256, 2) void normLinear16(PARAMETERS) { multiply<1, PLAIN, true, 2>(JOB); }
// out += layer(x)
extern "C" __global__ __launch_bounds__(256, 2) void addLinear(PARAMETERS) { multiply<1, RESIDUAL, false>(JOB); }
// Norm, then silu(gate) * up.
extern "C" __global__ __launch_bounds__(256, 2) void normSwiglu(PARAMETERS) { multiply<2, SWIGLU, true>(JOB); }
// Norm, then the head.
extern "C" __global__ __launch_bounds__(256, 2) void normHead(PARAMETERS) { multiply<2, PLAIN, true>(JOB); }
`;
