import { ELEMENT_SOURCE } from '../../kernels/element.cu.js';

/** Elements by which a row of x is longer in shared memory: its rows then begin in different banks. */
export const ROW_PADDING = 32;

/**
 * Dense layers on up to eight rows (a token of each of up to eight replies; one kernel takes sixteen): bound by reading the
 * weights once. A block normalises x into shared memory once, then goes through tiles of 8 (or 2 × 8) output features, whose
 * weights its eight warps, which share the inner dimension, stream ahead of their use. A lane reads 16 bytes of a weight's
 * row straight into registers and multiplies them as they lie by tensor-core products: the order of the inner dimension
 * is free as long as both sides have the same. What a plain operator would round to the tensor's type is rounded here too.
 */
export const LINEAR_SOURCE = `${ELEMENT_SOURCE}
enum { PLAIN, RESIDUAL, GATED };
constexpr int WARPS = 8, THREADS = 32 * WARPS, PADDING = ${ROW_PADDING};

__device__ __forceinline__ uint4 stream(const T* from) {
  uint4 r;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w) : "l"(from));
  return r;
}
__device__ __forceinline__ u32 scaled(u32 x, u32 w, float by) { return pack(low(x) * by * low(w), high(x) * by * high(w)); }
__device__ __forceinline__ uint4 scaled(uint4 x, uint4 w, float by) {
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
  int rows0, rows1, rows2, inner, outStride, batch, tiles;
  float eps;
};

// x of all rows to shared memory, normalised if there is a norm.
template <bool NORM, int ROWS>
__device__ __forceinline__ void gather(const Job& j, T* xs) {
  __shared__ float norms[WARPS][ROWS];
  const int stride = j.inner + PADDING, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  float by = 0;
  if (NORM) {
    for (int b = 0; b < j.batch; b++) {
      float s = 0;
#pragma unroll 2
      for (int i = 8 * threadIdx.x; i < j.inner; i += 8 * THREADS) s += squares(*reinterpret_cast<const uint4*>(j.x + (long long)b * j.inner + i));
#pragma unroll
      for (int o = 16; o > 0; o >>= 1) s += __shfl_xor_sync(0xffffffffu, s, o);
      if (lane == 0) norms[warp][b] = s;
    }
    __syncthreads();
  }
  for (int b = 0; b < j.batch; b++) {
    if (NORM) {
      float s = 0;
#pragma unroll
      for (int i = 0; i < WARPS; i++) s += norms[i][b];
      by = rsqrtf(s / j.inner + j.eps);
    }
#pragma unroll 4
    for (int i = 8 * threadIdx.x; i < j.inner; i += 8 * THREADS) {
      uint4 v = *reinterpret_cast<const uint4*>(j.x + (long long)b * j.inner + i);
      if (NORM) v = scaled(v, *reinterpret_cast<const uint4*>(j.norm + i), by);
      *reinterpret_cast<uint4*>(xs + b * stride + i) = v;
    }
  }
  __syncthreads();
}

// HALVES: 1 for up to eight rows, 2 for up to sixteen.
template <int TILES, int MODE, bool NORM, int HALVES = 1>
__device__ __forceinline__ void multiply(const Job& j) {
  constexpr int UNROLL = TILES == 1 ? 4 : 2, ROWS = 8 * HALVES, FEATURES = MODE == GATED ? 8 : 8 * TILES;
  extern __shared__ __align__(16) char memory[];
  T* const xs = reinterpret_cast<T*>(memory);
  __shared__ float sums[2][WARPS][TILES][ROWS][8];
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
  const int chunks = j.inner >> 6, stride = j.inner + PADDING;
  // A batch is UNROLL chunks of 64 of a tile for each warp.
  const int perTile = (chunks + WARPS * UNROLL - 1) / (WARPS * UNROLL);
  const int mine = (j.tiles - (int)blockIdx.x + (int)gridDim.x - 1) / (int)gridDim.x;
  const int batches = perTile * mine;
  const uint4 zero = make_uint4(0, 0, 0, 0);

  // The matrix that a tile lies in, and its first row there.
  auto place = [&](int tile, const T*& matrix, const T*& bias, int& rows) {
    int row = tile * FEATURES;
    matrix = j.w0; bias = j.b0; rows = j.rows0;
    if (MODE != GATED && row >= j.rows0) {
      row -= j.rows0; matrix = j.w1; bias = j.b1; rows = j.rows1;
      if (row >= j.rows1) { row -= j.rows1; matrix = j.w2; bias = j.b2; rows = j.rows2; }
    }
    return row;
  };
  uint4 w[2][UNROLL][TILES][2];
  int nextTile = blockIdx.x, nextPart = 0;
  auto fetch = [&](int buffer) {
    if (nextTile >= j.tiles) return;
    const T* matrix; const T* bias; int rows;
    const int row0 = place(nextTile, matrix, bias, rows);
#pragma unroll
    for (int i = 0; i < TILES; i++) {
      const int row = row0 + g + (MODE == GATED ? 0 : 8 * i);
      const T* from = (MODE == GATED && i == 1 ? j.w1 : matrix) + (long long)(row < rows ? row : rows - 1) * j.inner + 8 * t;
#pragma unroll
      for (int u = 0; u < UNROLL; u++) {
        const int c = warp + WARPS * (UNROLL * nextPart + u);
        if (c < chunks) {
          w[buffer][u][i][0] = stream(from + 64 * c);
          w[buffer][u][i][1] = stream(from + 64 * c + 32);
        }
      }
    }
    if (++nextPart == perTile) { nextPart = 0; nextTile += gridDim.x; }
  };
  // Weights are on their way before the kernel before this one ends, and while the norm is computed.
  fetch(0);
  fetch(1);
  letNextStart();
  waitForPrevious();
  gather<NORM, ROWS>(j, xs);

  float acc[TILES][4];
  int part = 0, tile = blockIdx.x, parity = 0;
  auto clear = [&] {
#pragma unroll
    for (int i = 0; i < TILES; i++)
#pragma unroll
      for (int k = 0; k < 4; k++) acc[i][k] = 0;
  };
  auto finish = [&] {
    auto& sum = sums[parity];
    parity ^= 1;
#pragma unroll
    for (int i = 0; i < TILES; i++)
#pragma unroll
      for (int k = 0; k < 2 * HALVES; k++) sum[warp][i][g + 8 * (k >> 1)][2 * t + (k & 1)] = acc[i][k];
    clear();
    __syncthreads();
    const int outputs = 8 * ROWS * (MODE == GATED ? 1 : TILES);
    if (threadIdx.x < outputs) {
      const T* matrix; const T* bias; int rows;
      const int row0 = place(tile, matrix, bias, rows);
      const int of = threadIdx.x / (8 * ROWS), b = (threadIdx.x >> 3) % ROWS, r = threadIdx.x & 7, row = row0 + 8 * of + r;
      if (b < j.batch && row < rows) {
        float y = 0;
#pragma unroll
        for (int i = 0; i < WARPS; i++) y += sum[i][of][b][r];
        if (bias) y += up(bias[row]);
        T* to = j.out + (long long)b * j.outStride + tile * FEATURES + 8 * of + r;
        if (MODE == RESIDUAL) y = up(*to) + rounded(y);
        if (MODE == GATED) {
          float more = 0;
#pragma unroll
          for (int i = 0; i < WARPS; i++) more += sum[i][TILES - 1][b][r];
          const float gate = rounded(y);
          y = rounded(gate / (1.0f + expf(-gate))) * rounded(more);
        }
        *to = down(y);
      }
    }
    part = 0;
    tile += gridDim.x;
  };
  auto use = [&](int buffer) {
#pragma unroll
    for (int u = 0; u < UNROLL; u++) {
      const int c = warp + WARPS * (UNROLL * part + u);
      if (c < chunks) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const int at = 64 * c + 32 * half + 8 * t;
          uint4 a[2] = {zero, zero};
#pragma unroll
          for (int k = 0; k < HALVES; k++)
            if (g + 8 * k < j.batch) a[k] = *reinterpret_cast<const uint4*>(xs + (g + 8 * k) * stride + at);
#pragma unroll
          for (int i = 0; i < TILES; i++) {
            const uint4 b = w[buffer][u][i][half];
            mma(acc[i], a[0].x, a[1].x, a[0].y, a[1].y, b.x, b.y);
            mma(acc[i], a[0].z, a[1].z, a[0].w, a[1].w, b.z, b.w);
          }
        }
      }
    }
    if (++part == perTile) finish();
  };
  clear();
  for (int i = 0; i < batches; i += 2) {
    use(0);
    fetch(0);
    if (i + 1 < batches) {
      use(1);
      fetch(1);
    }
  }
}

#define PARAMETERS const T* x, const T* w0, const T* w1, const T* w2, const T* b0, const T* b1, const T* b2, const T* norm, T* out, \\
                   int rows0, int rows1, int rows2, int inner, int outStride, int batch, int tiles, float eps
#define JOB Job{x, w0, w1, w2, b0, b1, b2, norm, out, rows0, rows1, rows2, inner, outStride, batch, tiles, eps}
// Norm, then up to three layers side by side: query, key, value.
extern "C" __global__ __launch_bounds__(THREADS, 2) void normLinear(PARAMETERS) { multiply<1, PLAIN, true>(JOB); }
// The same for up to sixteen rows.
extern "C" __global__ __launch_bounds__(THREADS, 2) void normLinear16(PARAMETERS) { multiply<1, PLAIN, true, 2>(JOB); }
// out += layer(x)
extern "C" __global__ __launch_bounds__(THREADS, 2) void addLinear(PARAMETERS) { multiply<1, RESIDUAL, false>(JOB); }
// Norm, then silu(gate) * up.
extern "C" __global__ __launch_bounds__(THREADS, 2) void normGated(PARAMETERS) { multiply<2, GATED, true>(JOB); }
// Norm, then the head.
extern "C" __global__ __launch_bounds__(THREADS, 2) void normHead(PARAMETERS) { multiply<2, PLAIN, true>(JOB); }
`;
