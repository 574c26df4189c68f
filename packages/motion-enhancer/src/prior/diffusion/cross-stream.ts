import { aten, type Tensor } from '@motion-enhancer/libtorch';
import { attentionWithLse } from '@motion-enhancer/models';
import type { LayerAttention, Scores } from '../capture/layer-attention.js';
import type { Attention, AttentionTaps } from './attention-taps.js';
import { mergeByLse_ } from './merge.js';
import { isX, type StepStreams, type Stream } from './streams.js';
import type { AttentionShape } from './video-diffusion.js';

/** The attention of one layer of a reconstruction step; it lives until the layer is done. */
export interface StreamAttention {
  layer: number;
  /**
   * Attention of a stream that the step computes. Its maps are normalised over the stream's own keys, or, with `joint`
   * and for x streams, over those of R too.
   */
  of(stream: Stream, keys?: 'own' | 'joint'): LayerAttention;
}

export interface CrossStreamOptions {
  /** Clips of every stream: the batch is stream after stream. */
  clips: number;
  plan: StepStreams;
  /** Sees every layer. */
  capture: ((attention: StreamAttention) => void) | undefined;
}

/**
 * Taps under which the x streams attend to R's keys of their text too (docs/method.md 1.4). In a model with
 * cross-attention only the video's self-attention has this memory: the text is the same for both. Of the last layer's
 * last attention only the x streams go on, and these only if x advances.
 */
export function crossStreamTaps(shape: Pick<AttentionShape, 'kind' | 'layers'>, o: CrossStreamOptions): AttentionTaps {
  const { plan, clips, capture } = o;
  const goOn = (out: Tensor, layer: number): Tensor =>
    layer === shape.layers - 1 ? out.narrow(0, 0, plan.advances ? plan.x * clips : 0) : out;
  if (shape.kind === 'joint') {
    const joint: Attention = (q, k, v, layer) => {
      const needed = layer < shape.layers - 1 || plan.advances;
      const { out, scores } = withMemory({ q, k, v }, o, needed);
      capture?.({ layer, of: (stream, keys) => ({ kind: 'joint', joint: scores(stream, keys) }) });
      return goOn(out(), layer);
    };
    return { joint };
  }
  let self: ReturnType<typeof withMemory>['scores'] | null = null;
  return {
    self(q, k, v) {
      const { out, scores } = withMemory({ q, k, v }, o, true);
      self = scores;
      return out();
    },
    cross(q, k, v, layer) {
      const own = attentionWithLse(q, k, v);
      const cross = (stream: Stream) => scoresOf({ q, k }, own.lse_BHN, streamPart(plan, clips, stream));
      capture?.({
        layer,
        of: (stream, keys) => ({ kind: 'self-cross', self: self!(stream, keys), cross: cross(stream) }),
      });
      return goOn(own.out, layer);
    },
  };
}

interface Heads {
  q: Tensor;
  k: Tensor;
  v: Tensor;
}

type Part = (x: Tensor) => Tensor;

/** The elements of a stream in the batch. */
function streamPart({ streams }: StepStreams, clips: number, stream: Stream): Part {
  const at = streams.indexOf(stream);
  return (x) => x.narrow(0, at * clips, clips);
}

const scoresOf = ({ q, k }: Pick<Heads, 'q' | 'k'>, ownLse_BHN: Tensor, part: Part): Scores => {
  const own = part(ownLse_BHN);
  return { q_BHND: part(q), k_BHND: part(k), ownLse_BHN: own, lse_BHN: own };
};

/**
 * Attention of all streams: x over [own ; R], R over its own. It is two fused calls merged by their log-sum-exps, which
 * the capture needs anyway; no keys are concatenated.
 * @param needed whether the x streams' outcome is used
 * @returns `out` merges in place: call it after the capture has read what it wants
 */
function withMemory({ q, k, v }: Heads, { plan, clips }: CrossStreamOptions, needed: boolean) {
  const own = attentionWithLse(q, k, v);
  const x = plan.x * clips;
  const memoryOf = (start: number, count: number) =>
    attentionWithLse(q.narrow(0, start, count), k.narrow(0, x + start, count), v.narrow(0, x + start, count));
  const memory = x > 0 && needed ? memoryOf(0, x) : null;
  const memoryLse = (stream: Stream): Tensor => {
    const start = plan.streams.indexOf(stream) * clips;
    return memory ? memory.lse_BHN.narrow(0, start, clips) : memoryOf(start, clips).lse_BHN;
  };
  return {
    scores(stream: Stream, keys: 'own' | 'joint' = 'own'): Scores {
      const scores = scoresOf({ q, k }, own.lse_BHN, streamPart(plan, clips, stream));
      // R has no other keys: it attends to its own only.
      if (keys === 'own' || !isX(stream)) return scores;
      return { ...scores, lse_BHN: aten.logaddexp(scores.ownLse_BHN, memoryLse(stream)) };
    },
    out(): Tensor {
      if (memory) mergeByLse_({ out: own.out.narrow(0, 0, x), lse_BHN: own.lse_BHN.narrow(0, 0, x) }, memory);
      return own.out;
    },
  };
}
