import {
  type CudaGraph,
  Generator,
  noGrad,
  plainOperatorsInUse,
  rand,
  recordCudaGraph,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import type { KVCache } from '../kv-cache.js';
import type { Qwen2Config } from '../qwen2-config.js';
import type { SamplingOptions } from '../sampling.js';
import type { Qwen2Weights } from '../weights.js';
import { decodeKernels } from './decode-kernels.js';
import { type DecodeStart, type DecodeState, decodeState, HISTORY } from './decode-state.js';
import { FusedStep } from './fused-step.js';
import { penalised, plainAdvance, plainStep } from './plain-step.js';
import { sampleTokens } from './sample-tokens.js';

/** Steps between two looks at the tokens: the host waits for the device once for all of them. */
const AT_ONCE = 8;
/** Fewer steps are not worth a CUDA graph. */
export const MIN_GRAPH_STEPS = 4;

export interface DecodeModel {
  weights: Qwen2Weights;
  config: Qwen2Config;
}

export interface DecodeOnOptions extends SamplingOptions {
  seed?: number;
  /** Steps at most: new tokens of each sequence. */
  maxSteps: number;
  /** `plain`: by plain operators, also where there are kernels. */
  kernels?: 'fused' | 'plain';
  /** The step as a CUDA graph (default), or by calls of its own, as always on the CPU. */
  cudaGraph?: boolean;
  /** Called with the next tokens of all sequences; false ends the decoding. */
  accept(ids: readonly number[]): boolean;
}

/** How a model decodes: on CUDA as a CUDA graph, by kernels of ours where they fit. */
export interface DecodeWay {
  kernels: 'fused' | 'plain';
  cudaGraph: boolean;
}

/** On CUDA, unless plain operators are asked for (`usePlainOperators`) or weights do not stay. */
export function decodesOnDevice({ weights }: DecodeModel): boolean {
  if (weights.layers.some(({ resident }) => resident === null)) return false;
  return weights.embed_tokens.isCuda && !plainOperatorsInUse();
}

/**
 * Goes on with replies whose prompts are in the cache, one token of each sequence at a time, until `accept` has enough. The
 * whole step runs on the device, the choice of the next token included; on CUDA it is recorded once and launched as a
 * graph. Tokens are read every few steps, so that a few steps beyond the end may be done: they leave nothing.
 */
export function decodeOn(
  { weights, config }: DecodeModel,
  cache: KVCache,
  start: DecodeStart,
  o: DecodeOnOptions,
): DecodeWay {
  if (o.maxSteps < 1) return { kernels: 'plain', cudaGraph: false };
  return noGrad(() =>
    scope(() => {
      const { device, dtype } = weights.embed_tokens;
      const kernels =
        o.kernels === 'plain' || adapted(weights) ? null : decodeKernels(config, device, dtype, start.ids.length);
      const caches = cache.reserve(start.length, o.maxSteps);
      const penalty = o.repetitionPenalty ?? 1;
      const s = decodeState(start, weights.lm_head.size(0), penalty !== 1, device);
      const fused = kernels ? new FusedStep(kernels, weights, config, start.ids.length) : null;
      if (!fused) for (const { v } of caches) v.narrow(2, start.length, v.size(2) - start.length).zero_();
      const draws = o.temperature ? drawsOf(o.seed ?? 0, o.maxSteps, device) : null;
      const choose = (logits: Tensor, step: number) => {
        if (!draws) {
          if (fused) return fused.pick(s, logits, penalty);
          return plainAdvance(s, penalised(s, logits, penalty).argmax(-1));
        }
        const chosen = sampleTokens(penalised(s, logits, penalty), o, draws.narrow(0, step, 1));
        return fused ? fused.take(s, chosen) : plainAdvance(s, chosen);
      };
      const forward = () => (fused ? fused.logits(s, caches) : plainStep(s, weights, config, caches));
      const cudaGraph = (o.cudaGraph ?? true) && device.startsWith('cuda');
      const stepper = cudaGraph
        ? new GraphSteps(forward, choose, draws === null, Number(device.split(':')[1] ?? 0))
        : { step: (i: number) => scope(() => choose(forward(), i)), dispose() {} };
      try {
        run(s, cache, o, (i) => stepper.step(i));
      } finally {
        stepper.dispose();
      }
      return { kernels: fused ? 'fused' : 'plain', cudaGraph };
    }),
  );
}

/** Low-rank adapters have no kernels: their layers are two products more. */
const adapted = ({ layers }: Qwen2Weights): boolean =>
  layers.some(({ resident }) => {
    const parts = resident ? [...Object.values(resident.self_attn), ...Object.values(resident.mlp)] : [];
    return parts.some(({ adapter }) => adapter !== undefined);
  });

/** Steps in groups; each group's tokens are read together. */
function run(s: DecodeState, cache: KVCache, o: DecodeOnOptions, step: (i: number) => void): void {
  let done = 0;
  while (done < o.maxSteps) {
    const count = Math.min(AT_ONCE, o.maxSteps - done);
    for (let i = 0; i < count; i++) step(done + i);
    const tokens = readHistory(s, done, count);
    for (const ids of tokens) {
      done++;
      cache.advance(1);
      if (!o.accept(ids)) return;
    }
  }
}

function readHistory(s: DecodeState, from: number, count: number): number[][] {
  const all = s.history.toTypedArray() as Int32Array;
  const B = s.ids.numel;
  return Array.from({ length: count }, (_, i) => {
    const at = ((from + i) % HISTORY) * B;
    return [...all.subarray(at, at + B)];
  });
}

/** Uniform numbers of a seed, one for each step. */
function drawsOf(seed: number, count: number, device: string): Tensor {
  const generator = new Generator(seed);
  const draws = rand([count], { generator }).to('float32', device);
  generator.dispose();
  return draws;
}

/** The first step runs while its CUDA graph is captured; later ones launch the graph. */
class GraphSteps {
  readonly #forward: () => Tensor;
  readonly #choose: (logits: Tensor, step: number) => void;
  readonly #whole: boolean;
  readonly #device: number;
  #graph: CudaGraph | null = null;
  /** Of the run before the capture, and of the captured one. */
  #first: Tensor | null = null;
  #logits: Tensor | null = null;

  /** @param whole the choice is part of the graph */
  constructor(forward: () => Tensor, choose: (logits: Tensor, step: number) => void, whole: boolean, device: number) {
    this.#forward = forward;
    this.#choose = choose;
    this.#whole = whole;
    this.#device = device;
  }

  step(i: number): void {
    if (this.#graph) this.#graph.launch();
    else this.#record();
    if (!this.#whole) scope(() => this.#choose(i === 0 ? this.#first! : this.#logits!, i));
  }

  #record(): void {
    this.#graph = recordCudaGraph(() => {
      const logits = this.#forward();
      if (this.#whole) this.#choose(logits, 0);
      this.#first ??= logits;
      this.#logits = logits;
    }, this.#device);
  }

  dispose(): void {
    this.#graph?.dispose();
  }
}
