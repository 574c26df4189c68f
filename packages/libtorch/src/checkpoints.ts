import { backward, enableGrad, isGradEnabled, noGrad } from './autograd.js';
import { type BlockWeights, residentWeights } from './block-weights.js';
import { aten } from './operators.js';
import { keep, Scope, scope, tensorsIn } from './scope.js';
import type { Tensor } from './tensor.js';

/** What a block gives back: every tensor is differentiable by the block's input and by the leaves that it uses. */
export type BlockOutputs = Readonly<Record<string, Tensor | null>>;

interface Segment {
  /** The block's input, with the graph that leads back from it. */
  source: Tensor;
  body: (x: Tensor, weights: unknown) => BlockOutputs;
  weights: BlockWeights<unknown>;
  /** The block's outputs, cut off from its inside: leaves, where the gradients from above arrive. */
  leaves: Map<string, Tensor>;
}

/** Of blocks that capture their weights themselves. */
const CAPTURED = residentWeights<unknown>({});

/**
 * Activation checkpointing, explicit: a block runs without a graph and only its input is kept; `backward` computes the
 * blocks again, last one first, each with a graph of its own. libtorch's backward threads never call JavaScript.
 * What stands between blocks (embeddings, heads, running means) is recorded as usual. For one forward and one backward
 * pass; free it with `close()`.
 *
 * Source of the idea: Chen et al. 2016, https://arxiv.org/abs/1604.06174; torch.utils.checkpoint recomputes inside
 * libtorch's backward instead.
 */
export class Checkpoints {
  readonly #scope = new Scope();
  #segments: Segment[] = [];

  /** Tensors that blocks use beside their input and their weights (masks, tables): they live until `close()`. */
  hold<T>(values: T): T {
    return keep(values, this.#scope);
  }

  /** Runs a block whose weights are captured by `body`, a pure function of its input, of weights and of what is held. */
  run<T extends BlockOutputs>(input: Tensor, body: (x: Tensor) => T): T;
  /**
   * Runs a block with its weights. Those that do not stay are there in the forward pass, and again while the block is
   * computed again and its gradients are taken; the weights of the segment that comes next are fetched meanwhile.
   * @param next the block that runs after this one
   */
  run<T extends BlockOutputs, W>(
    input: Tensor,
    body: (x: Tensor, weights: W) => T,
    weights: BlockWeights<W>,
    next?: BlockWeights<W>,
  ): T;
  run<T extends BlockOutputs>(
    input: Tensor,
    body: (x: Tensor, weights: unknown) => T,
    weights: BlockWeights<unknown> = CAPTURED,
    next?: BlockWeights<unknown>,
  ): T {
    return weights.during((w) => {
      next?.prefetch();
      if (!isGradEnabled()) return body(input, w);
      // Weights that `body` captured may need gradients, which is not known here: autograd records the block as usual.
      if (!input.requiresGrad && weights === CAPTURED) return body(input, w);
      const values = noGrad(() => scope(() => body(input, w)));
      if (!input.requiresGrad && !learns(input, w)) return values;
      return this.#cutOff(values, { source: this.hold(aten.alias(input)), body, weights });
    });
  }

  /** Makes a segment's values leaves, where its gradients arrive, and returns aliases of them for what comes after. */
  #cutOff<T extends BlockOutputs>(values: T, segment: Omit<Segment, 'leaves'>): T {
    const leaves = new Map<string, Tensor>();
    const outputs: Record<string, Tensor | null> = {};
    for (const [name, value] of Object.entries(values)) {
      if (value) leaves.set(name, this.hold(value.requiresGrad_()));
      outputs[name] = value && aten.alias(value);
    }
    this.#segments.push({ ...segment, leaves });
    return outputs as T;
  }

  /** Accumulates the gradients of a scalar loss in all leaves, through every block that was run. */
  backward(loss: Tensor): void {
    backward([loss]);
    const segments = this.#segments.splice(0);
    for (let segment = segments.pop(); segment; segment = segments.pop()) {
      through(segment, segments.at(-1)?.weights);
      for (const leaf of segment.leaves.values()) {
        leaf.grad = null;
        leaf.dispose();
      }
      segment.source.dispose();
    }
  }

  close(): void {
    for (const { leaves } of this.#segments) for (const leaf of leaves.values()) leaf.grad = null;
    this.#segments = [];
    this.#scope.close();
  }
}

/** Does anything here record gradients? */
export function learns(input: Tensor, weights: unknown): boolean {
  return input.requiresGrad || [...tensorsIn(weights)].some((tensor) => tensor.requiresGrad);
}

/** Takes the gradients that arrived at a segment through it, while its weights are there. */
function through(segment: Segment, next: BlockWeights<unknown> | undefined): void {
  const { weights } = segment;
  weights.during((w) => {
    next?.prefetch();
    scope(() => again(segment, w));
  });
}

/** Computes a block again and takes the gradients of its outputs to its weights and to what made its input. */
function again({ source, body, leaves, weights }: Segment, w: unknown): void {
  const arrived = [...leaves].flatMap(([name, leaf]) => {
    const { grad } = leaf;
    return grad ? [{ name, grad }] : [];
  });
  // `afterBackward` is called without a gradient too: other processes may have had one.
  if (arrived.length === 0) {
    weights.afterBackward?.(w);
    return;
  }
  const x = noGrad(() => source.detach());
  if (source.requiresGrad) x.requiresGrad_();
  const outputs = enableGrad(() => body(x, w));
  const reached = arrived.filter(({ name }) => outputs[name]?.requiresGrad);
  if (reached.length > 0)
    backward(
      reached.map(({ name }) => outputs[name]!),
      { gradOutputs: reached.map(({ grad }) => grad) },
    );
  weights.afterBackward?.(w);
  const grad = source.requiresGrad ? x.grad : null;
  if (grad) {
    backward([source], { gradOutputs: [grad] });
    x.grad = null;
  }
}
