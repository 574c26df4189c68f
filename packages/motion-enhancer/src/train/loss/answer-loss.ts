import { aten, type Checkpoints, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';

/** Places whose logits stand in memory at once: those of a long answer in float32 would be larger than a small model. */
const AT_ONCE = 1024;

export interface AnswerLossInput {
  /** [1, N, C] after the last norm */
  hidden: Tensor;
  /** The language model's head: [K, C] → [K, V] */
  logits: (chosen_KC: Tensor) => Tensor;
  /** Places whose next token is learned, and those tokens. */
  asked: readonly number[];
  targets: readonly number[];
  /** Of the loss at each of these places; null: 1. */
  weights: readonly number[] | null;
}

/**
 * Mean over the asked places of weight · cross entropy (ms-swift's loss_scale divides by the count as well). With
 * checkpoints the logits of a piece are let go and computed again in the backward pass.
 */
export function answerLoss(input: AnswerLossInput, checkpoints: Checkpoints | null, atOnce = AT_ONCE): Tensor {
  const { hidden, logits, asked, targets, weights } = input;
  const { device } = hidden;
  const K = asked.length;
  return scope(() => {
    // One copy to the device for both: each makes the host wait.
    const both = tensor([...asked, ...targets], { dtype: 'int64', device });
    const [asked_K, target_K] = [both.narrow(0, 0, K).clone(), both.narrow(0, K, K).clone()];
    const weight_K = weights && tensor([...weights], { dtype: 'float32', device });
    checkpoints?.hold(weight_K ? [asked_K, target_K, weight_K] : [asked_K, target_K]);
    const pieces = checkpoints !== null && K > atOnce;
    const select = (x: Tensor) => ({ x: x.select(0, 0).indexSelect(0, asked_K) });
    // A segment of its own: pieces then share no graph that one of them would use up.
    const chosen_KC = (pieces ? checkpoints.run(hidden, select) : select(hidden)).x;
    let sum: Tensor | null = null;
    for (let at = 0; at < K; at += atOnce) {
      const count = Math.min(atOnce, K - at);
      const body = (x: Tensor) => ({
        loss: piece(x, logits, target_K.narrow(0, at, count), weight_K?.narrow(0, at, count) ?? null),
      });
      const x = chosen_KC.narrow(0, at, count);
      const { loss } = pieces ? checkpoints.run(x, body) : body(x);
      sum = sum === null ? loss : sum.add(loss);
    }
    return sum!.div(K);
  });
}

function piece(x_KC: Tensor, logitsOf: AnswerLossInput['logits'], target_K: Tensor, weight_K: Tensor | null): Tensor {
  return scope(() => {
    const narrow = logitsOf(x_KC);
    const logits = narrow.dtype === 'float64' ? narrow : narrow.to('float32');
    if (!weight_K) return aten.cross_entropy_loss(logits, target_K, { reduction: 2 });
    return aten.cross_entropy_loss(logits, target_K, { reduction: 0 }).mul(weight_K).sum();
  });
}
