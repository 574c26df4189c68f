import { backward, enableGrad, isGradEnabled, noGrad } from './autograd.js';
import { aten } from './operators.js';
import { keep, Scope, scope } from './scope.js';
import type { Tensor } from './tensor.js';

/** What a block gives back: every tensor is differentiable by the block's input and by the leaves that it uses. */
export type BlockOutputs = Readonly<Record<string, Tensor | null>>;

interface Segment {
  /** The block's input, with the graph that leads back from it. */
  source: Tensor;
  body: (x: Tensor) => BlockOutputs;
  /** The block's outputs, cut off from its inside: leaves, where the gradients from above arrive. */
  leaves: Map<string, Tensor>;
}

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

  /**
   * Runs a block.
   * @param body a pure function of its input, of weights and of what is held
   */
  run<T extends BlockOutputs>(input: Tensor, body: (x: Tensor) => T): T {
    // Nothing is learned before or nothing at all: a block records what it needs itself.
    if (!isGradEnabled() || !input.requiresGrad) return body(input);
    const values = noGrad(() => scope(() => body(input)));
    const leaves = new Map<string, Tensor>();
    const outputs: Record<string, Tensor | null> = {};
    for (const [name, value] of Object.entries(values)) {
      if (value) leaves.set(name, this.hold(value.requiresGrad_()));
      outputs[name] = value && aten.alias(value);
    }
    this.#segments.push({ source: this.hold(aten.alias(input)), body, leaves });
    return outputs as T;
  }

  /** Accumulates the gradients of a scalar loss in all leaves, through every block that was run. */
  backward(loss: Tensor): void {
    backward([loss]);
    for (const segment of this.#segments.splice(0).reverse()) {
      scope(() => again(segment));
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

/** Computes a block again and takes the gradients of its outputs to its weights and to what made its input. */
function again({ source, body, leaves }: Segment): void {
  const arrived = [...leaves].flatMap(([name, leaf]) => {
    const { grad } = leaf;
    return grad ? [{ name, grad }] : [];
  });
  if (arrived.length === 0) return;
  const x = noGrad(() => source.detach()).requiresGrad_();
  const outputs = enableGrad(() => body(x));
  const reached = arrived.filter(({ name }) => outputs[name]?.requiresGrad);
  backward(
    reached.map(({ name }) => outputs[name]!),
    { gradOutputs: reached.map(({ grad }) => grad) },
  );
  const { grad } = x;
  if (grad) {
    backward([source], { gradOutputs: [grad] });
    x.grad = null;
  }
}
