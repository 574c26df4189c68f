import { Generator, noGrad, scope, type Tensor, tensor, UserError } from '@motion-enhancer/libtorch';
import { KVCache } from '../language/kv-cache.js';
import { checkSampling, nextToken, type SamplingOptions } from '../language/sampling.js';
import type { Qwen25VL } from './model.js';
import type { RopeIndex } from './rope-index.js';

export interface GenerateInput {
  /** The prompt, pads expanded, up to and with `assistant\n`. */
  ids: readonly number[];
  /** Visual embeddings from `encodeVisual`. */
  visual?: Tensor | null;
  /** From `ropeIndex` of these ids. */
  rope: RopeIndex;
}

export interface GenerateOptions extends SamplingOptions {
  maxNewTokens: number;
  /** Tokens that end the reply. */
  eosIds: readonly number[];
  /** Of the draws; needs a temperature. Default 0. */
  seed?: number;
  /** Called with each token as it comes, the end token excluded. */
  onToken?: (id: number) => void;
}

/**
 * Generates a reply with a key-value cache, greedily or by sampling.
 * @returns the new tokens; the end token, if it came, is the last one
 * @throws UserError ERR_CONTEXT, ERR_MEDIA, ERR_VALUE
 */
export function generate(model: Qwen25VL, input: GenerateInput, options: GenerateOptions): number[] {
  checkSampling(options);
  if (!Number.isInteger(options.maxNewTokens) || options.maxNewTokens < 1)
    throw new UserError(`Expected a whole number above 0 for maxNewTokens but received ${options.maxNewTokens}.`, {
      code: 'ERR_VALUE',
    });
  const limit = model.config.text.maxPositionEmbeddings - input.ids.length;
  const cache = new KVCache(input.ids.length + Math.max(0, Math.min(options.maxNewTokens, limit)));
  const generator = options.temperature ? new Generator(options.seed ?? 0) : null;
  const seen = [...input.ids];
  const ends = new Set(options.eosIds);
  try {
    return noGrad(() => {
      const reply: number[] = [];
      let ids: readonly number[] = input.ids;
      let positions = input.rope.positions as readonly (readonly number[])[];
      let visual = input.visual ?? null;
      while (reply.length < options.maxNewTokens) {
        const id = scope(() => {
          const positions_3BN = tensor(
            positions.map((axis) => [axis]),
            { dtype: 'int64', device: model.device },
          );
          const { logits } = model.forward({ ids: [ids], visual, positions_3BN, logits: 'last', cache });
          return nextToken(logits.flatten(), seen, options, generator);
        });
        reply.push(id);
        seen.push(id);
        if (ends.has(id)) break;
        options.onToken?.(id);
        if (reply.length === limit) break; // the model's context is full
        const position = seen.length - 1 + input.rope.delta;
        ids = [id];
        positions = [[position], [position], [position]];
        visual = null;
      }
      return reply;
    });
  } finally {
    cache.dispose();
    generator?.dispose();
  }
}
