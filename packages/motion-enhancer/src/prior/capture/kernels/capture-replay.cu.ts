/** Rows of a query tile and of a key tile; kept q and k are padded to whole tiles. */
export const ROW_TILE = 256;
export const COLUMN_TILE = 128;
/** Head size that the kernel is written for. */
export const HEAD_DIM = 64;
/** Four warpgroups of 64 rows: while one waits for its products the others keep the exponential unit busy. */
export const REPLAY_THREADS = 512;
const STAGES = 4;
const STAGE_BYTES = (ROW_TILE + COLUMN_TILE) * HEAD_DIM * 2 + ROW_TILE * 4;
export const REPLAY_SHARED_BYTES = STAGES * STAGE_BYTES + 128;
/** Warps that write a partial sum of a tile. */
export const PARTIALS = REPLAY_THREADS / 32;

const operands = (name: string) => Array.from({ length: 32 }, (_, i) => `"+f"(${name}[${i}])`).join(', ');
const registers = Array.from({ length: 32 }, (_, i) => `%${i}`).join(', ');

/**
 * Pass averages of attention maps, rebuilt tile by tile from kept q, k and log-sum-exps: a block owns 256 rows × 128
 * columns of one head's map, keeps its sum over all passes in registers, and writes text rows, same-location entries and
 * partial sums once. Needs compute capability 9.0 (wgmma, bulk copies); compile with -DELEMENT="bf16" or "f16".
 * Why it looks so: docs/capture-kernel.md. Reference implementation: `AttentionCapture` with `replay`.
 */
export const CAPTURE_REPLAY_SOURCE = `
typedef unsigned int u32;
typedef unsigned long long u64;
constexpr int ROWS = ${ROW_TILE}, COLUMNS = ${COLUMN_TILE}, STAGES = ${STAGES};
constexpr u32 Q_BYTES = ROWS * 128, K_BYTES = COLUMNS * 128, LSE_BYTES = ROWS * 4;
constexpr u32 STAGE_BYTES = Q_BYTES + K_BYTES + LSE_BYTES;
constexpr u32 ROWS_64 = 64 * 128;  // bytes of 64 packed rows

// Copies rows of 64 half-precision numbers into the order in which wgmma reads them without a swizzle: blocks of 8 rows,
// in these the 8 chunks of 16 bytes, in these the rows. Rows past the end are zeros, with an infinite log-sum-exp.
extern "C" __global__ void packRows(const uint4* source, long long headStride, long long rowStride, int rows, int padded,
                                    uint4* target, const float* lse, float* targetLse) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, row = i >> 3, chunk = i & 7, head = blockIdx.y;
  if (row >= padded) return;
  bool inside = row < rows;
  uint4 value = inside ? source[head * headStride + row * rowStride + chunk] : make_uint4(0, 0, 0, 0);
  target[((long long)head * padded + (row & ~7)) * 8 + chunk * 8 + (row & 7)] = value;
  if (lse != nullptr && chunk == 0)
    targetLse[(long long)head * padded + row] =
        inside ? lse[(long long)head * rows + row] * 1.4426950408889634f : __int_as_float(0x7f800000);
}

__device__ __forceinline__ u32 shared_address(const void* p) { return static_cast<u32>(__cvta_generic_to_shared(p)); }

__device__ __forceinline__ void wait_barrier(u32 barrier, u32 parity) {
  asm volatile(
      "{\\n.reg .pred done;\\nagain:\\nmbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\\n"
      "@!done bra again;\\n}" ::"r"(barrier), "r"(parity) : "memory");
}
__device__ __forceinline__ void arrive(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}
__device__ __forceinline__ void copy_bulk(u32 target, const void* source, u32 bytes, u32 barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(target),
               "l"(source), "r"(bytes), "r"(barrier) : "memory");
}

// K-major, no swizzle: 128 bytes from one chunk of 8 columns to the next, 1024 from 8 rows to the next 8.
__device__ __forceinline__ u64 descriptor(u32 address) {
  return (u64)((address & 0x3ffff) >> 4) | ((u64)(128 >> 4) << 16) | ((u64)(1024 >> 4) << 32);
}

// 64 × 64 scores of one warpgroup over 64 features, begun but not waited for.
__device__ __forceinline__ void begin_scores(float (&s)[32], u32 q, u32 k) {
  u64 a = descriptor(q), b = descriptor(k);
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
  for (int step = 0; step < 4; ++step)
    asm volatile(
        "{\\n.reg .pred sum;\\nsetp.ne.b32 sum, %34, 0;\\n"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32." ELEMENT "." ELEMENT
        " {${registers}}, %32, %33, sum, 1, 1, 0, 0;\\n}"
        : ${operands('s')}
        : "l"(a + step * 16), "l"(b + step * 16), "r"(step));
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void wait_scores(float (&s)[32]) {
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#pragma unroll
  for (int i = 0; i < 32; ++i) asm volatile("" : "+f"(s[i])::"memory");
}

// Adds exp2(s · scale − lse) for the two rows that a thread holds.
__device__ __forceinline__ void add_entries(float (&sum)[32], const float (&s)[32], float scale, float lse0, float lse1) {
#pragma unroll
  for (int i = 0; i < 32; ++i) {
    float entry;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(entry) : "f"(fmaf(s[i], scale, (i & 2) ? -lse1 : -lse0)));
    sum[i] += entry;
  }
}

// table: addresses of q, k and lse of every pass. text [heads, T, S], same [heads, P, F, F], partial [heads, tiles, ${PARTIALS}, 2]:
// Σ of squares and Σ of the pass sums of video rows.
extern "C" __global__ void __launch_bounds__(${REPLAY_THREADS}, 1)
    captureReplay(const u64* table, int passes, int T, int S, int P, int F, float scale, float inverse, float* text,
                  float* same, float* partial) {
  extern __shared__ __align__(1024) unsigned char shared[];
  const u32 base = shared_address(shared);
  const u32 full = base + STAGES * STAGE_BYTES, empty = full + 8 * STAGES;
  const int rowTiles = (T + S + ROWS - 1) / ROWS, columnTiles = (S + COLUMNS - 1) / COLUMNS;
  // Blocks that run together cover a square of the map: they share their rows and columns in L2.
  constexpr int GROUP = 8;
  const int head = blockIdx.y, first = blockIdx.x / (GROUP * columnTiles) * GROUP;
  const int inGroup = min(GROUP, rowTiles - first), place = blockIdx.x - first * columnTiles;
  const int rowTile = first + place % inGroup, columnTile = place / inGroup;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;

  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; ++i) {
      asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(full + 8 * i), "r"(1));
      asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(empty + 8 * i), "r"(${PARTIALS}));
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  __syncthreads();

  const long long rowOffset = ((long long)head * rowTiles + rowTile) * ROWS;
  const long long columnOffset = ((long long)head * columnTiles + columnTile) * COLUMNS;
  auto copy = [&](int pass) {
    const u64* entry = table + 3 * pass;
    const u32 at = base + pass % STAGES * STAGE_BYTES, barrier = full + 8 * (pass % STAGES);
    if (pass >= STAGES) wait_barrier(empty + 8 * (pass % STAGES), (pass / STAGES - 1) & 1);
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(STAGE_BYTES) : "memory");
    copy_bulk(at, reinterpret_cast<const char*>(entry[0]) + rowOffset * 128, Q_BYTES, barrier);
    copy_bulk(at + Q_BYTES, reinterpret_cast<const char*>(entry[1]) + columnOffset * 128, K_BYTES, barrier);
    copy_bulk(at + Q_BYTES + K_BYTES, reinterpret_cast<const char*>(entry[2]) + rowOffset * 4, LSE_BYTES, barrier);
  };
  // Copies run AHEAD passes before their use, into a stage that all warps have left two passes ago.
  constexpr int AHEAD = STAGES - 2;
  if (threadIdx.x == 0)
    for (int pass = 0; pass < AHEAD && pass < passes; ++pass) copy(pass);

  const u32 ownRows = (warp / 4) * ROWS_64;
  const int row0 = (warp / 4) * 64 + (warp % 4) * 16 + lane / 4;
  float sum[COLUMNS / 64][32] = {};
#pragma unroll 1
  for (int pass = 0; pass < passes; ++pass) {
    if (threadIdx.x == 0 && pass + AHEAD < passes) copy(pass + AHEAD);
    __syncwarp();
    const u32 stage = pass % STAGES, q = base + stage * STAGE_BYTES + ownRows, k = base + stage * STAGE_BYTES + Q_BYTES;
    const float* lse = reinterpret_cast<const float*>(shared + stage * STAGE_BYTES + Q_BYTES + K_BYTES);
    wait_barrier(full + 8 * stage, (pass / STAGES) & 1);
    const float lse0 = lse[row0], lse1 = lse[row0 + 8];
#pragma unroll
    for (int c = 0; c < COLUMNS / 64; ++c) {
      float s[32];
      begin_scores(s, q, k + c * ROWS_64);
      wait_scores(s);
      if (c == COLUMNS / 64 - 1 && lane == 0) arrive(empty + 8 * stage);
      add_entries(sum[c], s, scale, lse0, lse1);
    }
  }

  float squares = 0, total = 0;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = rowTile * ROWS + row0 + 8 * half;
    const int own = (lane % 4) * 2, column0 = columnTile * COLUMNS + own;
    if (row >= T + S) continue;
    if (row < T) {
      float* out = text + ((long long)head * T + row) * S + column0;
#pragma unroll
      for (int c = 0; c < COLUMNS / 64; ++c)
#pragma unroll
        for (int i = 0; i < 16; ++i) {
          const int offset = c * 64 + (i >> 1) * 8 + (i & 1);
          if (column0 + offset < S) out[offset] = sum[c][(i >> 1) * 4 + half * 2 + (i & 1)] * inverse;
        }
      continue;
    }
    const int video = row - T, location = video % P, frame = video / P;
    // Columns at the same location: column0 + offset ≡ location (mod P).
    const int match = ((location - column0) % P + P) % P;
    float* out = same + (((long long)head * P + location) * F + frame) * F;
#pragma unroll
    for (int c = 0; c < COLUMNS / 64; ++c)
#pragma unroll
      for (int i = 0; i < 16; ++i) {
        const int offset = c * 64 + (i >> 1) * 8 + (i & 1);
        const float value = sum[c][(i >> 1) * 4 + half * 2 + (i & 1)];
        if (column0 + offset < S) {
          squares = fmaf(value, value, squares);
          total += value;
          if (P >= COLUMNS ? offset == match : offset % P == match) out[(column0 + offset) / P] = value * inverse;
        }
      }
  }
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    squares += __shfl_xor_sync(0xffffffffu, squares, lanes);
    total += __shfl_xor_sync(0xffffffffu, total, lanes);
  }
  if (lane == 0) {
    float* out = partial + (((long long)head * gridDim.x + blockIdx.x) * ${PARTIALS} + warp) * 2;
    out[0] = squares;
    out[1] = total;
  }
}
`;
