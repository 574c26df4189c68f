import type { LossReduction } from '../prompts/types.js';

/** What the ranking says of one question. */
export interface Ranking {
  /** Place of the chosen option. */
  choice: number;
  /** Of each option, as reduced; NaN where it has no token. */
  losses: readonly number[];
}

/**
 * The option of least loss. SEED-Bench's InstructBLIP sums over an option's tokens, its LLaVA and lmms-eval average; sums
 * favour short options. Of equal losses the first wins, as `argsort` and `argmin` have it; a NaN never wins, and without
 * any number the first option stands (upstream's `argmin` would take a NaN).
 * Source: AILab-CVC/SEED-Bench @ 991e849 eval.py, model/instruct_blip_interface.py, lavis modeling_t5.py (reduction
 * "none": sum); EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/api/task.py (multiple_choice).
 * @param tokenLosses −log p of each token of each option's text
 */
export function rankByLoss(tokenLosses: readonly ArrayLike<number>[], reduction: LossReduction): Ranking {
  const losses = tokenLosses.map((tokens) => {
    let sum = 0;
    for (let i = 0; i < tokens.length; i++) sum += tokens[i]!;
    return tokens.length === 0 ? Number.NaN : reduction === 'sum' ? sum : sum / tokens.length;
  });
  let choice = 0;
  for (const [i, loss] of losses.entries())
    if (loss < losses[choice]! || (Number.isNaN(losses[choice]!) && !Number.isNaN(loss))) choice = i;
  return { choice, losses };
}
