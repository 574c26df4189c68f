import { aten, empty, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { swiglu } from '../../../kernels/swiglu/swiglu.js';
import { type Linear, linear, plainLinear } from '../../../layers/linear.js';
import type { Qwen2Config } from '../qwen2-config.js';
import { inverseFrequencies } from '../rotary.js';
import type { Qwen2BlockWeights, Qwen2Weights } from '../weights.js';
import { type AttentionScratch, type DecodeKernels, MAX_SEQUENCES, splitsOf } from './decode-kernels.js';
import type { DecodeState } from './decode-state.js';
import type { LayerCache } from './plain-step.js';
import { residentLayers } from './resident-layers.js';

/**
 * One token of each sequence through the decoder by kernels of ours, five a block for up to eight; beyond that the
 * products are cuBLAS's. Its buffers belong to the scope that it is made in.
 */
export class FusedStep {
  readonly #kernels: DecodeKernels;
  readonly #weights: Qwen2Weights;
  readonly #layers: readonly Qwen2BlockWeights[];
  readonly #few: boolean;
  readonly #h: Tensor; // [B, C]
  readonly #normed: Tensor; // [B, C]
  readonly #qkv: Tensor; // [B, H · D + 2 · G · D]
  readonly #parts: readonly [Tensor, Tensor, Tensor];
  readonly #attended: Tensor; // [B, H · D]
  readonly #inner: Tensor; // [B, I]
  readonly #logits: Tensor; // [B, V]
  readonly #angles: Tensor; // [B, 64, 2] float32
  readonly #frequencies: Tensor;
  readonly #scratch: AttentionScratch;
  readonly #found: Tensor;

  constructor(kernels: DecodeKernels, weights: Qwen2Weights, config: Qwen2Config, batch: number) {
    this.#kernels = kernels;
    this.#weights = weights;
    this.#layers = residentLayers(weights);
    this.#few = batch <= MAX_SEQUENCES;
    const { device, dtype } = weights.embed_tokens;
    const { hiddenSize: C, headDim: D, numKeyValueHeads: G } = config;
    const half = (width: number) => empty([batch, width], { dtype, device });
    const Q = config.numAttentionHeads * D;
    const K = G * D;
    this.#h = half(C);
    this.#normed = half(C);
    this.#qkv = half(Q + 2 * K);
    this.#parts = [this.#qkv.narrow(1, 0, Q), this.#qkv.narrow(1, Q, K), this.#qkv.narrow(1, Q + K, K)];
    this.#attended = half(Q);
    this.#inner = half(config.intermediateSize);
    this.#logits = half(weights.lm_head.size(0));
    this.#angles = empty([batch, 64, 2], { dtype: 'float32', device });
    this.#frequencies = inverseFrequencies(D, config.ropeTheta, device);
    const splits = splitsOf(batch, G);
    this.#scratch = {
      partial: empty([batch * G, 8, splits, D], { dtype: 'float32', device }),
      stats: empty([batch * G, 8, splits, 2], { dtype: 'float32', device }),
      tickets: zeros([batch * G], { dtype: 'int32', device }),
    };
    this.#found = empty([batch, 64, 2], { dtype: 'int32', device });
  }

  /** Logits [B, V] of the next tokens, in the same tensor every time. */
  logits(s: DecodeState, caches: readonly LayerCache[]): Tensor {
    const { norm, embed_tokens, lm_head } = this.#weights;
    const layers = this.#layers;
    this.#kernels.embed(s, embed_tokens, this.#frequencies, this.#h, this.#angles);
    const head = { weight: lm_head, bias: null };
    if (this.#few) {
      for (const [i, layer] of layers.entries()) this.#fewBlock(s, layer, caches[i]!);
      this.#kernels.normHead({ x_BI: this.#h, layers: [head], norm, out_BO: this.#logits });
      return this.#logits;
    }
    for (const [i, layer] of layers.entries()) this.#manyBlock(s, layer, caches[i]!);
    this.#kernels.addNorm(this.#h, null, norm, this.#normed);
    return linear(this.#normed, head);
  }

  /** Takes the likeliest tokens of those logits. */
  pick(s: DecodeState, logits_BV: Tensor, penalty: number): void {
    this.#kernels.pick(s, logits_BV, penalty, this.#found);
    this.#kernels.advance(s, this.#found, null);
  }

  /** Takes the tokens chosen (int64 [B]). */
  take(s: DecodeState, chosen_B: Tensor): void {
    this.#kernels.advance(s, this.#found, chosen_B);
  }

  #fewBlock(s: DecodeState, w: Qwen2BlockWeights, cache: LayerCache): void {
    const { q_proj, k_proj, v_proj, o_proj } = w.self_attn;
    const kernels = this.#kernels;
    kernels.normLinear({
      x_BI: this.#h,
      layers: [q_proj, k_proj, v_proj],
      norm: w.input_layernorm,
      out_BO: this.#qkv,
    });
    this.#attend(s, this.#parts, cache);
    kernels.addLinear({ x_BI: this.#attended, layers: [o_proj], out_BO: this.#h });
    const { gate_proj, up_proj, down_proj } = w.mlp;
    kernels.normSwiglu({
      x_BI: this.#h,
      layers: [gate_proj, up_proj],
      norm: w.post_attention_layernorm,
      out_BO: this.#inner,
    });
    kernels.addLinear({ x_BI: this.#inner, layers: [down_proj], out_BO: this.#h });
  }

  #manyBlock(s: DecodeState, w: Qwen2BlockWeights, cache: LayerCache): void {
    const { q_proj, k_proj, v_proj, o_proj } = w.self_attn;
    const [h, normed] = [this.#h, this.#normed];
    if (h.size(0) <= 2 * MAX_SEQUENCES) {
      const layers = [q_proj, k_proj, v_proj];
      this.#kernels.normLinear({ x_BI: h, layers, norm: w.input_layernorm, out_BO: this.#qkv });
      this.#attend(s, this.#parts, cache);
    } else {
      this.#kernels.addNorm(h, null, w.input_layernorm, normed);
      this.#attend(s, [linear(normed, q_proj), linear(normed, k_proj), linear(normed, v_proj)], cache);
    }
    addProduct(h, this.#attended, o_proj);
    this.#kernels.addNorm(h, null, w.post_attention_layernorm, normed);
    addProduct(h, swiglu(linear(normed, w.mlp.gate_proj), linear(normed, w.mlp.up_proj)), w.mlp.down_proj);
  }

  #attend(s: DecodeState, [q, k, v]: readonly [Tensor, Tensor, Tensor], cache: LayerCache): void {
    this.#kernels.attention(s, {
      ...{ q, k, v, cache },
      angles_B64: this.#angles,
      out_BC: this.#attended,
      scratch: this.#scratch,
    });
  }
}

/** h += x Wᵀ, in one product. */
function addProduct(h_BC: Tensor, x_BI: Tensor, layer: Linear): void {
  aten.addmm_(h_BC, x_BI, plainLinear(layer).weight.transpose(0, 1));
}
