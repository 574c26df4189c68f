import { type CudaKernel, halfKernels, type KernelArgument, type Tensor } from '@motion-enhancer/libtorch';
import {
  ATTENTION_WARPS,
  DECODE_ATTENTION_BYTES,
  DECODE_ATTENTION_SOURCE,
  MAX_SPLITS,
  SMALL_DECODE_ATTENTION_BYTES,
  SMALL_DECODE_ATTENTION_SOURCE,
} from '../../../kernels/decode-attention/decode-attention.cu.js';
import { DECODE_LINEAR_SOURCE } from '../../../kernels/decode-linear/decode-linear.cu.js';
import { ADD_NORM_SOURCE } from '../../../kernels/decode-step/add-norm.cu.js';
import { EMBED_TOKEN_SOURCE } from '../../../kernels/decode-step/embed-token.cu.js';
import { PICK_BLOCKS, PICK_TOKEN_SOURCE } from '../../../kernels/decode-step/pick-token.cu.js';
import { type Linear, plainLinear } from '../../../layers/linear.js';
import type { Qwen2Config } from '../qwen2-config.js';
import type { DecodeState } from './decode-state.js';

/** Rows that the kernels for dense layers take: half of a tensor-core product; `normLinear` takes twice as many. */
export const MAX_SEQUENCES = 8;
const NULL: KernelArgument = { i64: 0 };
const i32 = (value: number): KernelArgument => ({ i32: value });

export interface LinearJob {
  x_BI: Tensor;
  /** Up to three, one after the other as features of `out`; two for `normSwiglu`. */
  layers: readonly Linear[];
  /** Of the RMS norm that comes first. */
  norm?: Tensor;
  out_BO: Tensor;
}

export interface AttentionJob {
  /** Before rotation: [B, heads · 128], perhaps parts of a wider tensor. */
  q: Tensor;
  k: Tensor;
  v: Tensor;
  cache: { k: Tensor; v: Tensor }; // [B, G, room, 128]
  angles_B64: Tensor;
  out_BC: Tensor;
  scratch: AttentionScratch;
}
export interface AttentionScratch {
  partial: Tensor;
  stats: Tensor;
  /** Zero before and after. */
  tickets: Tensor;
}

const NAMES = ['normLinear', 'normLinear16', 'addLinear', 'normSwiglu', 'normHead', 'decodeAttention'] as const;
const STEP_NAMES = ['embed', 'addNorm', 'pick', 'advance'] as const;
type Kernels = Record<(typeof NAMES)[number] | (typeof STEP_NAMES)[number], CudaKernel> & { attentionBytes: number };

/** The parts of a decoding step as kernels of ours; their reference implementation stands in `plain-step.ts`. */
export class DecodeKernels {
  readonly #kernels: Kernels;
  readonly #eps: number;
  /**
   * In a graph kernels start before the one before them ends. On an H200 at 3B that is worth 2 % more tokens at sixteen sequences,
   * and costs 11 % at one (bench/results/vlm-speed-h200.md).
   */
  readonly #early: boolean;

  constructor(kernels: Kernels, eps: number, batch: number) {
    this.#kernels = kernels;
    this.#eps = eps;
    this.#early = batch > MAX_SEQUENCES;
  }

  /** Token embeddings [B, C], and the angles of the position: cos and sin [B, 64, 2] float32, rounded to the type. */
  embed(s: DecodeState, table_VC: Tensor, frequencies_64: Tensor, h_BC: Tensor, angles: Tensor): void {
    const [B, C] = h_BC.shape as [number, number];
    this.#kernels.embed.launch([B], [256], 0, [
      s.ids,
      table_VC,
      h_BC,
      i32(C),
      s.length,
      s.shift,
      frequencies_64,
      angles,
    ]);
  }

  /** out = layers(norm(x)), of up to sixteen sequences */
  normLinear(job: LinearJob): void {
    this.#multiply(job.x_BI.size(0) > MAX_SEQUENCES ? 'normLinear16' : 'normLinear', job, 8);
  }
  /** out += layer(x) */
  addLinear(job: LinearJob): void {
    this.#multiply('addLinear', job, 8);
  }
  /** out = silu(gate(norm(x))) · up(norm(x)), with gate and up as layers */
  normSwiglu(job: LinearJob): void {
    this.#multiply('normSwiglu', job, 8);
  }
  /** The same as `normLinear`, for many features. */
  normHead(job: LinearJob): void {
    this.#multiply('normHead', job, 16);
  }

  #multiply(name: Exclude<(typeof NAMES)[number], 'decodeAttention'>, job: LinearJob, perBlock: number): void {
    const { x_BI, norm, out_BO } = job;
    const layers = job.layers.map(plainLinear);
    const [B, inner] = x_BI.shape as [number, number];
    const widths = [0, 1, 2].map((i) => layers[i]?.weight.size(0) ?? 0) as [number, number, number];
    const features = name === 'normSwiglu' ? widths[0] : widths[0] + widths[1] + widths[2];
    this.#kernels[name].launch(
      [Math.ceil(features / perBlock)],
      [256],
      0,
      [
        x_BI,
        ...[0, 1, 2].map((i) => layers[i]?.weight ?? NULL),
        ...[0, 1, 2].map((i) => layers[i]?.bias ?? NULL),
        norm ?? NULL,
        out_BO,
        ...widths.map(i32),
        i32(inner),
        i32(out_BO.size(1)),
        i32(B),
        { f32: this.#eps },
      ],
      this.#early,
    );
  }

  /** Attention of the new token of each sequence, which it appends to the cache. */
  attention(s: DecodeState, job: AttentionJob): void {
    const [B, G, room, D] = job.cache.k.shape as [number, number, number, number];
    const H = job.out_BC.size(1) / D;
    this.#kernels.decodeAttention.launch(
      [splitsOf(B, G), G, B],
      [32 * ATTENTION_WARPS],
      this.#kernels.attentionBytes,
      [
        job.q,
        job.k,
        job.v,
        job.cache.k,
        job.cache.v,
        s.length,
        s.first,
        job.angles_B64,
        job.out_BC,
        job.scratch.partial,
        job.scratch.stats,
        job.scratch.tickets,
        ...[job.q.strides[0]!, job.k.strides[0]!, room, H / G, job.out_BC.size(1)].map(i32),
        { f32: Math.LOG2E / Math.sqrt(D) },
      ],
      this.#early,
    );
  }

  /** h += y, unless y is null; out = norm(h) */
  addNorm(h_BC: Tensor, y_BC: Tensor | null, weight: Tensor, out_BC: Tensor): void {
    const [B, C] = h_BC.shape as [number, number];
    const args = [h_BC, y_BC ?? NULL, weight, out_BC, i32(C), { f32: this.#eps }];
    this.#kernels.addNorm.launch([B], [256], 0, args, this.#early);
  }

  /** The likeliest token of each sequence. @param found [B, 64, 2] int32 for `advance` */
  pick(s: DecodeState, logits_BV: Tensor, penalty: number, found: Tensor): void {
    const [B, V] = logits_BV.shape as [number, number];
    this.#kernels.pick.launch(
      [PICK_BLOCKS, B],
      [256],
      0,
      [logits_BV, s.seen ?? NULL, found, i32(V), { f32: penalty }],
      this.#early,
    );
  }

  /** Notes the tokens that `pick` found, or those of `chosen` (int64 [B]), and goes on to the next place. */
  advance(s: DecodeState, found: Tensor, chosen: Tensor | null): void {
    const B = s.ids.numel;
    this.#kernels.advance.launch(
      [1],
      [32 * Math.min(B, 32)],
      0,
      [
        found,
        chosen ?? NULL,
        s.ids,
        s.seen ?? NULL,
        s.history,
        s.length,
        s.steps,
        ...[B, s.vocabulary, s.history.size(0)].map(i32),
      ],
      this.#early,
    );
  }
}

/** Into how many pieces a head's keys are split: about two blocks for every multiprocessor. */
export function splitsOf(batch: number, groups: number): number {
  return Math.max(1, Math.min(MAX_SPLITS, Math.floor(264 / (batch * groups))));
}

const chosen = halfKernels<Kernels>('decoding kernels', (compile, device) => {
  const small = device.sharedMemory() < DECODE_ATTENTION_BYTES;
  const attentionBytes = small ? SMALL_DECODE_ATTENTION_BYTES : DECODE_ATTENTION_BYTES;
  const made = (source: string, names: readonly string[]) =>
    names.map((name) => [name, compile(source, name)] as const);
  const kernels = Object.fromEntries([
    ...made(DECODE_LINEAR_SOURCE, NAMES.slice(0, 5)),
    ...made(small ? SMALL_DECODE_ATTENTION_SOURCE : DECODE_ATTENTION_SOURCE, NAMES.slice(5)),
    ...made(EMBED_TOKEN_SOURCE, ['embed']),
    ...made(ADD_NORM_SOURCE, ['addNorm']),
    ...made(PICK_TOKEN_SOURCE, ['pick', 'advance']),
  ]) as Omit<Kernels, 'attentionBytes'>;
  return { ...kernels, attentionBytes } as Kernels;
});

/** Kernels for a decoder on a device; null where plain operators must serve: see `halfKernels`, and sizes that do not fit. */
export function decodeKernels(config: Qwen2Config, device: string, dtype: string, batch: number): DecodeKernels | null {
  const kernels = fits(config) ? chosen({ device, dtype }) : null;
  return kernels && new DecodeKernels(kernels, config.rmsNormEps, batch);
}

function fits(c: Qwen2Config): boolean {
  const shared = c.numAttentionHeads / c.numKeyValueHeads;
  const widths = [c.hiddenSize, c.intermediateSize, c.numAttentionHeads * c.headDim];
  return c.headDim === 128 && shared <= 8 && widths.every((width) => width % 64 === 0);
}
