import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';
import { ROTATE_SOURCE } from '../device/rotate.cu.js';

/** Warps of a block of `decodeAttention`. */
export const ATTENTION_WARPS = 4;
/** Largest number of pieces into which the keys of a head are split: one lane looks at each when they are joined. */
export const MAX_SPLITS = 32;
const KEY_WIDTH = 136; // 128 elements and 16 bytes more, so that the rows of a tile lie in different banks
/** Dynamic shared memory of a block in which each warp has so many tiles of keys and values on their way. */
const bytesOf = (stages: number): number => 2 * KEY_WIDTH * (8 + ATTENTION_WARPS * stages * 2 * 16);

/**
 * CUDA C++ of attention of one new token of each sequence over its cached keys: rotates query and key, appends key and value to the cache,
 * and reads the keys up to the current length (which lies on the device) once, for all query heads that share them. Each
 * warp takes tiles of 16 keys: scores = q kᵀ and outᵀ = vᵀ pᵀ by tensor-core products, softmax as it goes. A block is a
 * piece of a key head's keys; the last one to finish joins the pieces.
 */
const sourceOf = (stages: number): string => `${ELEMENT_SOURCE}${REDUCE_SOURCE}${ROTATE_SOURCE}
constexpr int WARPS = ${ATTENTION_WARPS}, STAGES = ${stages}, WIDTH = ${KEY_WIDTH}, D = 128, TILE = 16;
#define NEVER (-INFINITY_)

__device__ __forceinline__ u32 shared(const void* p) { return (u32)__cvta_generic_to_shared(p); }
__device__ __forceinline__ void copy16(T* to, const T* from, bool inside) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared(to)), "l"(from), "r"(inside ? 16 : 0) : "memory");
}
__device__ __forceinline__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> __device__ __forceinline__ void arrived() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }
__device__ __forceinline__ void matrices(u32* r, const T* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared(p)) : "memory");
}
__device__ __forceinline__ void transposed(u32* r, const T* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared(p)) : "memory");
}
__device__ __forceinline__ void rotate(const T* from, T* to, int pair, float2 angle) {
  const float a = up(from[pair]), b = up(from[pair + 64]);
  to[pair] = down(lowerRounded(a, b, angle.x, angle.y));
  to[pair + 64] = down(upperRounded(a, b, angle.x, angle.y));
}

// grid (splits, key heads, rows). q [rows, qStride], k and v [rows, kvStride]; keys, values [rows, key heads, room, 128].
extern "C" __global__ __launch_bounds__(32 * WARPS, 2) void decodeAttention(
    const T* q, const T* k, const T* v, T* keys, T* values, const int* length, const int* first, const float2* angles,
    T* out, float* partial, float2* stats, u32* tickets, int qStride, int kvStride, int room, int perGroup, int outStride,
    float scale) {
  extern __shared__ __align__(16) char memory[];
  T* qs = reinterpret_cast<T*>(memory);
  T* tiles = qs + 8 * WIDTH;
  const int S = gridDim.x, G = gridDim.y, s = blockIdx.x, head = blockIdx.y, b = blockIdx.z;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
  const int n = *length + 1, start = first[b];
  const int per = ((n - start + S - 1) / S + TILE - 1) / TILE * TILE;
  const int from = start + s * per, to = min(n, from + per);
  const long long pair = (long long)b * G + head;
  T* const kBase = keys + pair * room * D;
  T* const vBase = values + pair * room * D;

  const int count = from < to ? ((to - from + TILE - 1) / TILE - warp + WARPS - 1) / WARPS : 0;
  T* const mine = tiles + warp * STAGES * 2 * TILE * WIDTH;
  auto issue = [&](int j) {
    if (j < count) {
      T* kt = mine + (j % STAGES) * 2 * TILE * WIDTH;
      T* vt = kt + TILE * WIDTH;
      const int key0 = from + (warp + WARPS * j) * TILE;
#pragma unroll
      for (int i = 0; i < 8; i++) {
        const int row = (lane + 32 * i) >> 4, column = ((lane + 32 * i) & 15) * 8;
        const bool inside = key0 + row < to;
        const long long at = (long long)(inside ? key0 + row : from) * D + column;
        copy16(kt + row * WIDTH + column, kBase + at, inside);
        copy16(vt + row * WIDTH + column, vBase + at, inside);
      }
    }
    commit();
  };
  // Keys of earlier tokens are there before the kernel before this one ends; only one block has a new one among its own.
  const bool owner = from < n && to == n;
  auto begin = [&] {
#pragma unroll
    for (int j = 0; j < STAGES - 1; j++) issue(j);
  };
  if (!owner) begin();
  letNextStart();
  waitForPrevious();
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const int h = (threadIdx.x >> 6) + 2 * i, p = threadIdx.x & 63;
    if (h < perGroup) rotate(q + (long long)b * qStride + (head * perGroup + h) * D, qs + h * WIDTH, p, angles[b * 64 + p]);
    else qs[h * WIDTH + p] = qs[h * WIDTH + p + 64] = 0;
  }
  if (owner) {
    const long long row = (long long)b * kvStride + head * D;
    if (threadIdx.x < 64) rotate(k + row, kBase + (long long)(n - 1) * D, threadIdx.x, angles[b * 64 + threadIdx.x]);
    vBase[(long long)(n - 1) * D + threadIdx.x] = v[row + threadIdx.x];
    __threadfence();
  }
  __syncthreads();
  if (owner) begin();
  u32 qa[8][2];
#pragma unroll
  for (int i = 0; i < 8; i++) {
    qa[i][0] = *reinterpret_cast<const u32*>(qs + g * WIDTH + 16 * i + 2 * t);
    qa[i][1] = *reinterpret_cast<const u32*>(qs + g * WIDTH + 16 * i + 8 + 2 * t);
  }
  float o[8][4], m = NEVER, l = 0;
#pragma unroll
  for (int i = 0; i < 8; i++)
#pragma unroll
    for (int c = 0; c < 4; c++) o[i][c] = 0;
  // Of the four 8 x 8 matrices of a 16 x 16 piece each lane names one row.
  const int piece = ((lane & 7) + (lane >> 4) * 8) * WIDTH + ((lane >> 3) & 1) * 8;
  for (int j = 0; j < count; j++) {
    arrived<STAGES - 2>();
    __syncwarp();
    issue(j + STAGES - 1);
    const T* kt = mine + (j % STAGES) * 2 * TILE * WIDTH;
    const T* vt = kt + TILE * WIDTH;
    float x[2][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
#pragma unroll
    for (int i = 0; i < 8; i++) {
      u32 r[4];
      matrices(r, kt + piece + 16 * i);
      mma(x[0], qa[i][0], 0, qa[i][1], 0, r[0], r[1]);
      mma(x[1], qa[i][0], 0, qa[i][1], 0, r[2], r[3]);
    }
    const int key0 = from + (warp + WARPS * j) * TILE + 2 * t;
    float p[4];
#pragma unroll
    for (int i = 0; i < 4; i++) p[i] = key0 + (i >> 1) * 8 + (i & 1) < to ? x[i >> 1][i & 1] * scale : NEVER;
    const float top = fmaxf(m, quadMax(fmaxf(fmaxf(p[0], p[1]), fmaxf(p[2], p[3]))));
    const float fade = exp2f(m - top);
    m = top;
    l *= fade;
#pragma unroll
    for (int i = 0; i < 4; i++) { p[i] = exp2f(p[i] - top); l += p[i]; }
    const u32 b0 = pack(p[0], p[1]), b1 = pack(p[2], p[3]);
    const float fade0 = __shfl_sync(0xffffffffu, fade, 8 * t), fade1 = __shfl_sync(0xffffffffu, fade, 8 * t + 4);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      u32 r[4];
      transposed(r, vt + piece + 16 * i);
      o[i][0] *= fade0; o[i][1] *= fade1; o[i][2] *= fade0; o[i][3] *= fade1;
      mma(o[i], r[0], r[1], r[2], r[3], b0, b1);
    }
    __syncwarp();
  }
  arrived<0>();
  l = quadSum(l);
  __syncthreads();

  // The warps' outputs, [warp][head][dimension], over the tiles.
  float (*joined)[8][D + 4] = reinterpret_cast<float (*)[8][D + 4]>(tiles);
  __shared__ float tops[WARPS][8], masses[WARPS][8], weights[8][${MAX_SPLITS}];
  __shared__ bool last;
  if (t == 0) { tops[warp][g] = m; masses[warp][g] = l; }
#pragma unroll
  for (int i = 0; i < 8; i++)
#pragma unroll
    for (int c = 0; c < 4; c++) joined[warp][2 * t + (c & 1)][16 * i + g + (c >> 1) * 8] = o[i][c];
  __syncthreads();
  const int d = threadIdx.x;
  T* const to_ = out + (long long)b * outStride + head * perGroup * D + d;
  for (int h = 0; h < perGroup; h++) {
    float top = NEVER, mass = 0, sum = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) top = fmaxf(top, tops[w][h]);
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      const float weight = masses[w][h] > 0 ? exp2f(tops[w][h] - top) : 0;
      mass += weight * masses[w][h];
      sum += weight * joined[w][h][d];
    }
    if (S == 1) {
      to_[h * D] = down(sum / mass);
    } else {
      partial[((pair * 8 + h) * S + s) * D + d] = sum;
      if (d == 0) stats[(pair * 8 + h) * S + s] = make_float2(top, mass);
    }
  }
  if (S == 1) return;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(tickets + pair, 1u) == (u32)S - 1;
    if (last) tickets[pair] = 0;
  }
  __syncthreads();
  if (!last) return;
  __threadfence();
  for (int h = warp; h < perGroup; h += WARPS) {
    float2 own = make_float2(NEVER, 0);
    if (lane < S) {
      const float2* from_ = stats + (pair * 8 + h) * S + lane;
      asm volatile("ld.global.cg.v2.f32 {%0,%1}, [%2];" : "=f"(own.x), "=f"(own.y) : "l"(from_));
    }
    const float top = warpMax(own.x);
    const float weight = own.y > 0 ? exp2f(own.x - top) : 0;
    const float mass = warpSum(weight * own.y);
    weights[h][lane] = weight / mass;
  }
  __syncthreads();
  // Sixteen threads a head, eight dimensions each.
  const int h = threadIdx.x >> 4, part = (threadIdx.x & 15) * 8;
  if (h >= perGroup) return;
  float sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  const float* from_ = partial + (pair * 8 + h) * S * D + part;
#pragma unroll 8
  for (int i = 0; i < S; i++) {
    float x[8];
#pragma unroll
    for (int c = 0; c < 8; c += 4)
      asm volatile("ld.global.cg.v4.f32 {%0,%1,%2,%3}, [%4];"
                   : "=f"(x[c]), "=f"(x[c + 1]), "=f"(x[c + 2]), "=f"(x[c + 3]) : "l"(from_ + i * D + c));
#pragma unroll
    for (int c = 0; c < 8; c++) sum[c] += weights[h][i] * x[c];
  }
  store(out + (long long)b * outStride + (head * perGroup + h) * D + part, sum);
}
`;

export const DECODE_ATTENTION_BYTES = bytesOf(3);
export const DECODE_ATTENTION_SOURCE = sourceOf(3);
/** The same arithmetic with fewer tiles on their way, for GPUs whose blocks have 99 KB of shared memory. */
export const SMALL_DECODE_ATTENTION_BYTES = bytesOf(2);
export const SMALL_DECODE_ATTENTION_SOURCE = sourceOf(2);
