import { Generator, noGrad, scope, type Tensor, UserError } from '@motion-enhancer/libtorch';
import { KVCache } from './kv-cache.js';
import { checkSampling, nextToken, type SamplingOptions } from './sampling.js';

export interface GenerateOptions extends SamplingOptions {
  maxNewTokens: number;
  /** Tokens that end the reply. */
  eosIds: readonly number[];
  /** Of the draws; needs a temperature. Default 0. */
  seed?: number;
  /** Called with each token as it comes, the end token excluded. */
  onToken?: (id: number) => void;
}

/** One call of a model: logits [.., V] of the last of `ids`, which stand after the `past` tokens in the cache. */
export type NextLogits = (ids: readonly number[], past: number, cache: KVCache) => Tensor;

/**
 * Generates a reply to a prompt with a key-value cache, greedily or by sampling.
 * @param context most tokens that the model takes, the prompt included
 * @returns the new tokens; the end token, if it came, is the last one
 * @throws UserError ERR_VALUE
 */
export function generateTokens(
  prompt: readonly number[],
  context: number,
  options: GenerateOptions,
  nextLogits: NextLogits,
): number[] {
  checkSampling(options);
  if (!Number.isInteger(options.maxNewTokens) || options.maxNewTokens < 1)
    throw new UserError(`Expected a whole number above 0 for maxNewTokens but received ${options.maxNewTokens}.`, {
      code: 'ERR_VALUE',
    });
  const limit = context - prompt.length;
  const cache = new KVCache(prompt.length + Math.max(0, Math.min(options.maxNewTokens, limit)));
  const generator = options.temperature ? new Generator(options.seed ?? 0) : null;
  const seen = [...prompt];
  const ends = new Set(options.eosIds);
  try {
    return noGrad(() => {
      const reply: number[] = [];
      let ids = prompt;
      while (reply.length < options.maxNewTokens) {
        const id = scope(() =>
          nextToken(nextLogits(ids, seen.length - ids.length, cache).flatten(), seen, options, generator),
        );
        reply.push(id);
        seen.push(id);
        if (ends.has(id)) break;
        options.onToken?.(id);
        if (reply.length === limit) break; // the model's context is full
        ids = [id];
      }
      return reply;
    });
  } finally {
    cache.dispose();
    generator?.dispose();
  }
}
