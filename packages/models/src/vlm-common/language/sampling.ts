import { aten, type Generator, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';

export interface SamplingOptions {
  /** Logits of tokens seen before are divided by it (multiplied where negative). 1 (default) changes nothing. */
  repetitionPenalty?: number;
  /** 0 or absent: the most likely token is taken (greedy). */
  temperature?: number;
  /** Keep the k most likely tokens. */
  topK?: number;
  /** Keep the most likely tokens that together reach this probability. */
  topP?: number;
}

/**
 * Chooses the next token from logits [V]: penalty, then temperature, top-k, top-p and a draw.
 * Source: transformers generation/logits_process.py @ v5.18.0, in the order that `generate` applies them.
 * @param seen every token so far, the prompt included (as transformers has it)
 */
export function nextToken(
  logits_V: Tensor,
  seen: readonly number[],
  o: SamplingOptions,
  generator: Generator | null,
): number {
  return scope(() => {
    const penalised = penalise(logits_V.to('float32'), seen, o.repetitionPenalty ?? 1);
    if (!o.temperature) return penalised.argmax().item();
    const probabilities = keepLikely(penalised.div(o.temperature), o).softmax(-1).cpu();
    return (aten.multinomial(probabilities, 1, { generator }) as Tensor).item();
  });
}

function penalise(logits_V: Tensor, seen: readonly number[], penalty: number): Tensor {
  if (penalty === 1 || seen.length === 0) return logits_V;
  const index = tensor([...new Set(seen)], { dtype: 'int64', device: logits_V.device });
  const chosen = logits_V.indexSelect(0, index);
  const scaled = aten.where(chosen.lt(0), chosen.mul(penalty), chosen.div(penalty)) as Tensor;
  return aten.index_copy(logits_V, 0, index, scaled) as Tensor;
}

function keepLikely(logits_V: Tensor, { topK, topP }: SamplingOptions): Tensor {
  const never = Number.NEGATIVE_INFINITY;
  let logits = logits_V;
  if (topK && topK < logits.numel) {
    const [best] = logits.topk(topK);
    logits = logits.maskedFill(logits.lt(best.narrow(0, topK - 1, 1)), never);
  }
  if (topP !== undefined && topP < 1) {
    const [sorted, order] = logits.sort(-1, true);
    const probabilities = sorted.softmax(-1);
    // A token stays while those above it do not yet reach topP: the first always does.
    const over = probabilities.cumsum(-1).sub(probabilities).ge(topP);
    const tail = order.index([over]);
    logits = aten.index_fill(logits, 0, tail, never) as Tensor;
  }
  return logits;
}

/** @throws UserError ERR_VALUE */
export function checkSampling(o: SamplingOptions): void {
  const check = (name: keyof SamplingOptions, what: string, fits: (value: number) => boolean) => {
    const value = o[name];
    if (value !== undefined && !fits(value))
      throw new UserError(`Expected ${what} for ${name} but received ${value}.`, { code: 'ERR_VALUE' });
  };
  check('repetitionPenalty', 'a number above 0', (v) => v > 0);
  check('temperature', 'a number of at least 0', (v) => v >= 0 && Number.isFinite(v));
  check('topK', 'a whole number of at least 0', (v) => Number.isInteger(v) && v >= 0);
  check('topP', 'a number above 0 and at most 1', (v) => v > 0 && v <= 1);
}
