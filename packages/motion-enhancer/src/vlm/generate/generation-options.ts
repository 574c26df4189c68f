import type { GenerateOptions, KVCache } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import type { GenerationConfig } from './generation-config.js';

/** How to answer. What is left out is as the checkpoint's generation_config.json says. */
export interface GenerationOptions {
  /** Longest answer. Default: what generation_config's max_new_tokens or max_length leaves, else 128. */
  maxNewTokens?: number;
  /** 0: the likeliest token each time (greedy), whatever generation_config says. */
  temperature?: number;
  /** Draw from the likeliest tokens that together hold this share. */
  topP?: number;
  /** Draw from so many likeliest tokens; 0: from all. */
  topK?: number;
  /** Logits of tokens seen before, prompt included, are divided by it. */
  repetitionPenalty?: number;
  seed?: number;
  /** Texts that end the answer; they are not part of it. Instead of generation_config's. */
  stop?: readonly string[];
  /** Prompts are computed so many tokens at a time, for long videos: less memory, a little slower. Default: at once. */
  prefillChunk?: number;
  /** Pieces of the answers as they come; `index` counts the chats. */
  onText?(piece: string, index: number): void;
}

/** The same for the decoding loop: everything said. */
export type TokenOptions = Pick<
  GenerateOptions,
  'maxNewTokens' | 'eosIds' | 'temperature' | 'topP' | 'topK' | 'repetitionPenalty' | 'seed'
> & {
  /** Called with each token, the end token excluded; false ends that reply, where `mayEnd` says that it may. */
  onToken?(id: number, index: number): boolean;
  mayEnd?: boolean;
  prefillChunk?: number;
  /** Of a single chat: holds its first tokens already; stays the caller's (`GenerateSequencesOptions.cache`). */
  cache?: KVCache;
};

const DEFAULT_LENGTH = 128;

/**
 * Options under what the checkpoint says. A temperature alone turns sampling on; with none given, `do_sample` decides.
 * @param promptLength of the longest chat, tokens
 * @throws UserError ERR_VALUE
 */
export function tokenOptions(o: GenerationOptions, config: GenerationConfig, promptLength = 0): TokenOptions {
  if (o.stop?.some((text) => text === ''))
    throw new UserError('Expected texts for stop but received an empty one.', { code: 'ERR_VALUE' });
  const sampled = o.temperature === undefined ? config.doSample && config.temperature > 0 : o.temperature > 0;
  const left = config.maxLength === null ? null : Math.max(1, config.maxLength - promptLength);
  const base = {
    maxNewTokens: o.maxNewTokens ?? config.maxNewTokens ?? left ?? DEFAULT_LENGTH,
    eosIds: config.eosIds,
    repetitionPenalty: o.repetitionPenalty ?? config.repetitionPenalty,
    ...(o.prefillChunk ? { prefillChunk: o.prefillChunk } : {}),
  };
  if (!sampled) return base;
  return {
    ...base,
    temperature: o.temperature ?? config.temperature,
    topP: o.topP ?? config.topP,
    topK: o.topK ?? config.topK,
    seed: o.seed ?? 0,
  };
}
