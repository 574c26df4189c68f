import { Generator, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { type DecodeModel, decodeOn, decodesOnDevice, WORTH_RECORDING } from './decode/decode-on.js';
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

/** What decoding on the device needs besides the calls of the model. */
export interface DeviceDecoding extends DecodeModel {
  /** Rotary position of the next token minus the number of tokens before it. */
  shift: number;
}

/** One call of a model: logits [.., V] of the last of `ids`, which stand after the `past` tokens in the cache. */
export type NextLogits = (ids: readonly number[], past: number, cache: KVCache) => Tensor;

/**
 * Generates a reply to a prompt with a key-value cache, greedily or by sampling.
 * @param context most tokens that the model takes, the prompt included
 * @param decoding on CUDA, after the first token, decoding goes on in a recorded graph (`decodeOn`)
 * @returns the new tokens; the end token, if it came, is the last one
 * @throws UserError ERR_VALUE
 */
export function generateTokens(
  prompt: readonly number[],
  context: number,
  options: GenerateOptions,
  nextLogits: NextLogits,
  decoding: DeviceDecoding | null = null,
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
      /** Takes the next token; false when the reply is whole. */
      const take = (id: number): boolean => {
        reply.push(id);
        seen.push(id);
        if (ends.has(id)) return false;
        options.onToken?.(id);
        return reply.length < options.maxNewTokens && reply.length !== limit; // the model's context is full
      };
      let ids = prompt;
      const next = (): number =>
        scope(() => nextToken(nextLogits(ids, seen.length - ids.length, cache).flatten(), seen, options, generator));
      for (let id = next(); take(id); id = next()) {
        const most = Math.min(options.maxNewTokens, limit) - reply.length;
        if (decoding && most >= WORTH_RECORDING && decodesOnDevice(decoding)) {
          const start = { ids: [id], seen: [seen], length: seen.length - 1, padding: [0], shift: [decoding.shift] };
          decodeOn(decoding, cache, start, { ...options, most, accept: ([more]) => take(more!) });
          break;
        }
        ids = [id];
      }
      return reply;
    });
  } finally {
    cache.dispose();
    generator?.dispose();
  }
}
