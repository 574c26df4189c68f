import {
  addressOf,
  type CudaKernel,
  cat,
  compileCudaKernel,
  computeCapability,
  type DType,
  empty,
  fromTypedArray,
  keep,
  LibtorchError,
  scope,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import { locations, type TokenGrid, videoTokens } from '../grid.js';
import type { Capture, CaptureScope } from './capture-types.js';
import type { HeadMaps } from './head-maps.js';
import {
  CAPTURE_REPLAY_SOURCE,
  COLUMN_TILE,
  HEAD_DIM,
  PARTIALS,
  REPLAY_SHARED_BYTES,
  REPLAY_THREADS,
  ROW_TILE,
} from './kernels/capture-replay.cu.js';
import type { LayerAttention } from './layer-attention.js';
import { SAME_LOCATION } from './mask.js';
import { maskedOfSameLocation } from './masked-squares.js';

const PACK_THREADS = 256;
const upTo = (multiple: number, n: number): number => Math.ceil(n / multiple) * multiple;

interface Kernels {
  pack: CudaKernel;
  replay: CudaKernel;
}

/** By device and dtype, for the life of the process; an Error where they could not be had. */
const compiled = new Map<string, Kernels | Error>();

function kernelsFor(device: string, dtype: DType): Kernels | Error {
  const key = `${device} ${dtype}`;
  let kernels = compiled.get(key);
  if (!kernels) {
    const options = {
      device: Number(device.split(':')[1] ?? 0),
      options: [`-DELEMENT="${dtype === 'bfloat16' ? 'bf16' : 'f16'}"`],
      architectureSpecific: true,
    };
    try {
      kernels = {
        pack: compileCudaKernel(CAPTURE_REPLAY_SOURCE, 'packRows', options),
        replay: compileCudaKernel(CAPTURE_REPLAY_SOURCE, 'captureReplay', options),
      };
    } catch (error) {
      if (!(error instanceof LibtorchError)) throw error;
      kernels = error;
    }
    compiled.set(key, kernels);
  }
  return kernels;
}

/** Why the fused kernel cannot serve, or null: it wants a Hopper GPU, a half type, head size 64, and NVRTC. */
export function whyNotFused(device: string, dtype: DType, headDim: number): string | null {
  if (!device.startsWith('cuda')) return `it runs on CUDA, not on ${device}`;
  // A choice of the moment, as everywhere.
  if (process.env.MOTION_ENHANCER_PLAIN === '1') return 'MOTION_ENHANCER_PLAIN=1 asks for plain operators';
  if (dtype !== 'bfloat16' && dtype !== 'float16') return `it takes bfloat16 or float16, not ${dtype}`;
  if (headDim !== HEAD_DIM) return `it takes heads of size ${HEAD_DIM}, not ${headDim}`;
  const capability = computeCapability(Number(device.split(':')[1] ?? 0));
  if (capability !== 90) return `it needs compute capability 9.0, not ${capability / 10}`;
  const kernels = kernelsFor(device, dtype);
  return kernels instanceof Error ? kernels.message : null;
}

interface Layout {
  rows: number;
  columns: number;
  qBytes: number;
  kBytes: number;
  passBytes: number;
}

function layoutOf(heads: number, grid: TokenGrid): Layout {
  const rows = upTo(ROW_TILE, grid.textTokens + videoTokens(grid));
  const columns = upTo(COLUMN_TILE, videoTokens(grid));
  const [qBytes, kBytes] = [heads * rows * HEAD_DIM * 2, heads * columns * HEAD_DIM * 2];
  return { rows, columns, qBytes, kBytes, passBytes: qBytes + kBytes + heads * rows * 4 };
}

/** Bytes that a fused capture keeps until `finish`. */
export const fusedCaptureBytes = (heads: number, grid: TokenGrid, passes: number): number =>
  passes * layoutOf(heads, grid).passBytes;

/**
 * `AttentionCapture` in two CUDA kernels: during a pass q, k and log-sum-exp are only packed away; at the end one
 * kernel rebuilds the averaged maps tile by tile and takes every statistic from registers (docs/capture-kernel.md).
 */
export class FusedCapture implements Capture {
  readonly #heads: number;
  readonly #grid: TokenGrid;
  /** Most passes of a group. */
  readonly #passes: number;
  readonly #layout: Layout;
  readonly #kernels: Kernels;
  readonly #kept: Tensor;
  readonly #scope: CaptureScope;
  /** Passes so far, by group. */
  readonly #counts: number[];

  /** @param passes most calls of `add`, the same number for every group; memory for all of them is taken now */
  constructor(heads: number, grid: TokenGrid, passes: number, o: { device: string; dtype: DType } & CaptureScope) {
    const kernels = kernelsFor(o.device, o.dtype);
    if (kernels instanceof Error) throw kernels;
    this.#kernels = kernels;
    this.#heads = heads;
    this.#grid = grid;
    this.#scope = o;
    this.#counts = Array.from({ length: o.groups ?? 1 }, () => 0);
    this.#passes = Math.ceil(passes / this.#counts.length);
    this.#layout = layoutOf(heads, grid);
    this.#kept = keep(
      empty([this.#counts.length * this.#passes * this.#layout.passBytes], { dtype: 'uint8', device: o.device }),
    );
  }

  /** Joint attention of one clip. */
  add(attention: LayerAttention, group = 0): void {
    if (attention.kind !== 'joint' || attention.joint.q_BHND.size(0) !== 1)
      throw new Error('Expected joint attention of one clip.');
    const { q_BHND, k_BHND, lse_BHN } = attention.joint;
    scope(() => this.#add(q_BHND.select(0, 0), k_BHND.select(0, 0), lse_BHN.select(0, 0), group));
  }

  #add(q_HND: Tensor, k_HND: Tensor, lse_HN: Tensor, group: number): void {
    const count = this.#counts[group]!;
    if (count === this.#passes) throw new Error(`Expected at most ${this.#passes} passes.`);
    const { textTokens: T } = this.#grid;
    const S = videoTokens(this.#grid);
    const N = T + S;
    for (const [name, x] of Object.entries({ q_HND, k_HND })) {
      const shape = [this.#heads, N, HEAD_DIM];
      if (x.shape.length !== 3 || shape.some((n, i) => x.shape[i] !== n))
        throw new Error(`Expected shape [${shape}] for ${name} but received [${x.shape}].`);
    }
    scope(() => {
      const { rows, columns, qBytes, kBytes, passBytes } = this.#layout;
      const address = addressOf(this.#kept) + (group * this.#passes + count) * passBytes;
      const lse = lse_HN.to('float32').contiguous();
      const lseCopy = { from: addressOf(lse), to: address + qBytes + kBytes };
      this.#pack(q_HND, { tokens: N, padded: rows, to: address }, lseCopy);
      this.#pack(k_HND.narrow(1, T, S), { tokens: S, padded: columns, to: address + qBytes });
    });
    this.#counts[group] = count + 1;
  }

  /** Copies queries or keys, and of queries their log-sum-exp, to where the replay reads them; `from` and `to` are addresses. */
  #pack(
    x_HND: Tensor,
    { tokens, padded, to }: { tokens: number; padded: number; to: number },
    lse: { from: number; to: number } = { from: 0, to: 0 },
  ): void {
    // The kernel reads 16 bytes at a time.
    const whole = (x: Tensor) => x.strides[2] === 1 && x.strides.every((s, i) => i === 2 || s % 8 === 0);
    const x = whole(x_HND) && addressOf(x_HND) % 16 === 0 ? x_HND : x_HND.clone().contiguous();
    this.#kernels.pack.launch([Math.ceil((padded * 8) / PACK_THREADS), this.#heads], [PACK_THREADS], 0, [
      x,
      { i64: x.strides[0]! / 8 },
      { i64: x.strides[1]! / 8 },
      { i32: tokens },
      { i32: padded },
      { i64: to },
      { i64: lse.from },
      { i64: lse.to },
    ]);
  }

  finish(): HeadMaps[] {
    if (this.#counts.some((n) => n === 0)) throw new Error('No attention was captured.');
    return scope(() => {
      const groups = this.#counts.map((_, group) => this.#replay(group));
      const joined = (name: keyof (typeof groups)[0]): Tensor =>
        groups.length === 1 ? groups[0]![name] : cat(groups.map((g) => g[name]));
      const same = joined('same');
      const { textRows, mask = SAME_LOCATION } = this.#scope;
      const maps = {
        grid: this.#grid,
        textToVideo_HTS: joined('text'),
        ...(textRows ? { textRows } : {}),
        sameLocation_HPFF: same,
        total_H: joined('total'),
        ...maskedOfSameLocation(joined('squares'), same, mask),
        ...(groups.length > 1 ? { layers: groups.length } : {}),
      };
      return [maps];
    });
  }

  /** The averaged maps of one group of passes, rebuilt tile by tile. */
  #replay(group: number): Record<'text' | 'same' | 'total' | 'squares', Tensor> {
    const { textTokens: T, frames: F } = this.#grid;
    const [S, P, n] = [videoTokens(this.#grid), locations(this.#grid), this.#counts[group]!];
    const { rows, columns, qBytes, kBytes, passBytes } = this.#layout;
    return scope(() => {
      const { device } = this.#kept;
      const start = addressOf(this.#kept) + group * this.#passes * passBytes;
      const offsets = [0, qBytes, qBytes + kBytes];
      const addresses = Array.from({ length: 3 * n }, (_, i) =>
        BigInt(start + Math.floor(i / 3) * passBytes + offsets[i % 3]!),
      );
      const table = fromTypedArray(BigInt64Array.from(addresses), [n, 3]).to(device);
      const tiles = (rows / ROW_TILE) * (columns / COLUMN_TILE);
      const float = { dtype: 'float32', device } as const;
      const text = empty([this.#heads, T, S], float);
      const same = empty([this.#heads, P, F, F], float);
      const partial = empty([this.#heads, tiles * PARTIALS, 2], float);
      this.#kernels.replay.launch([tiles, this.#heads], [REPLAY_THREADS], REPLAY_SHARED_BYTES, [
        table,
        { i32: n },
        { i32: T },
        { i32: S },
        { i32: P },
        { i32: F },
        { f32: Math.LOG2E / Math.sqrt(HEAD_DIM) },
        { f32: 1 / n },
        text,
        same,
        partial,
      ]);
      const sums = partial.to('float64').sum(1); // [heads, 2]
      const { textRows } = this.#scope;
      return {
        text: textRows ? text.indexSelect(1, tensor([...textRows], { dtype: 'int64', device })) : text,
        same,
        total: sums.select(1, 1).div(n).to('float32'),
        squares: sums
          .select(1, 0)
          .div(n * n)
          .to('float32'),
      };
    });
  }

  dispose(): void {
    this.#kept.dispose();
  }
}
