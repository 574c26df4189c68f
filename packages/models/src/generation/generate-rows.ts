import { arange, Generator, noGrad, scope, type Tensor, tensor, UserError } from '@motion-enhancer/libtorch';
import {
  checkSampling,
  type DecodeModel,
  decodeOn,
  decodesOnDevice,
  type GenerateOptions,
  KVCache,
  nextToken,
  WORTH_RECORDING,
} from '../language/index.js';

export interface GenerateRowsOptions extends Omit<GenerateOptions, 'onToken'> {
  /** Most tokens that the model takes, the prompt included. */
  context: number;
  /** Where masks are made. */
  device: string;
  /** Called with each token as it comes, the end token excluded; false ends its row. */
  onToken?: (id: number, row: number) => boolean;
  /**
   * Holds the first tokens already, padding included, as many as its length says; they are not computed again. It stays
   * the caller's, and then holds all tokens but the last new one.
   */
  cache?: KVCache;
  /**
   * Prompts are computed so many tokens at a time: activations are those of a chunk, and attention needs a mask of chunk ×
   * tokens so far. Default: all at once.
   */
  prefillChunk?: number;
  /** On CUDA, after the first tokens, decoding goes on in a recorded graph (`decodeOn`). */
  decoding?: DecodeModel & {
    /** Rotary position of each row's next token minus the number of its tokens. */
    shift: readonly number[];
  };
}

/** Fills shorter prompts on the left, and rows that are done: nothing looks at it. A token of every vocabulary, and no medium's. */
const PAD = 0;

/** One call of a model for all rows. */
export interface RowsInput {
  /** [B, n]: at first the prompts (less what the cache holds), perhaps in chunks; later one token a row. */
  ids: number[][];
  /** Tokens in the cache, padding included. */
  past: number;
  /** Padding on the left of each row. */
  padding: readonly number[];
  /** bool [B, past + n]: true for tokens, false for padding; null where there is none. */
  mask: Tensor | null;
  cache: KVCache;
}

/**
 * Generates replies to several prompts at once, padded on the left, with one key-value cache. Every row draws from a
 * generator of its own with the same seed: it has the tokens that it would have alone, rounding aside.
 * @param step logits [B, 1, V] of each row's last token
 * @returns the new tokens of each row; the end token, if it came, is the last one
 * @throws UserError ERR_VALUE
 */
export function generateRows(
  prompts: readonly (readonly number[])[],
  options: GenerateRowsOptions,
  step: (input: RowsInput) => Tensor,
): number[][] {
  check(prompts, options);
  const { context, maxNewTokens, temperature, seed = 0, onToken } = options;
  const longest = Math.max(...prompts.map((ids) => ids.length));
  const padding = prompts.map((ids) => longest - ids.length);
  const cache = options.cache ?? new KVCache(longest + Math.max(0, Math.min(maxNewTokens, context - longest)));
  const ends = new Set(options.eosIds);
  const rows = prompts.map((prompt) => ({
    seen: [...prompt],
    reply: [] as number[],
    generator: temperature ? new Generator(seed) : null,
    done: prompt.length >= context,
  }));
  try {
    noGrad(() => {
      let ids = prompts.map((prompt, b) => [...new Array<number>(padding[b]!).fill(PAD), ...prompt]);
      if (options.cache) ids = ids.map((row) => row.slice(cache.length));
      const run = (part: number[][]) => {
        const past = cache.length;
        return step({ ids: part, past, padding, mask: maskOf(padding, past + part[0]!.length, options.device), cache });
      };
      /** Takes the next token of each row; false when all are done. */
      const take = (next: readonly number[]): boolean => {
        for (const [b, row] of rows.entries()) {
          if (row.done) continue;
          const id = next[b]!;
          row.reply.push(id);
          row.seen.push(id);
          const ended = ends.has(id);
          const goOn = ended || (onToken?.(id, b) ?? true);
          row.done = ended || !goOn || row.reply.length === maxNewTokens || row.seen.length === context;
        }
        return rows.some(({ done }) => !done);
      };
      const chunk = options.prefillChunk ?? longest;
      while (ids[0]!.length > chunk) {
        const part = ids.map((row) => row.slice(0, chunk));
        scope(() => void run(part));
        ids = ids.map((row) => row.slice(chunk));
      }
      while (rows.some(({ done }) => !done)) {
        const next = scope(() => {
          const logits = run(ids);
          return rows.map(({ done, seen, generator }, b) =>
            done ? PAD : nextToken(logits.select(0, b).flatten(), seen, options, generator),
          );
        });
        take(next);
        const most = Math.max(
          ...rows.map(({ done, reply, seen }) =>
            done ? 0 : Math.min(maxNewTokens - reply.length, context - seen.length),
          ),
        );
        const { decoding } = options;
        if (decoding && most >= WORTH_RECORDING && decodesOnDevice(decoding)) {
          const start = {
            ids: next,
            seen: rows.map(({ seen }) => seen),
            length: cache.length,
            padding,
            shift: decoding.shift.map((shift, b) => shift - padding[b]!),
          };
          decodeOn(decoding, cache, start, { ...options, most, accept: take });
          break;
        }
        ids = next.map((id) => [id]);
      }
    });
    return rows.map(({ reply }) => reply);
  } finally {
    if (!options.cache) cache.dispose();
    for (const { generator } of rows) generator?.dispose();
  }
}

function maskOf(padding: readonly number[], length: number, device: string): Tensor | null {
  if (padding.every((count) => count === 0)) return null;
  const first_B1 = tensor([...padding], { dtype: 'int64', device }).unsqueeze(1);
  return arange(0, length, 1, { dtype: 'int64', device }).unsqueeze(0).ge(first_B1);
}

function check(prompts: readonly (readonly number[])[], o: GenerateRowsOptions): void {
  checkSampling(o);
  const fail = (what: string) => new UserError(what, { code: 'ERR_VALUE' });
  if (!Number.isInteger(o.maxNewTokens) || o.maxNewTokens < 1)
    throw fail(`Expected a whole number above 0 for maxNewTokens but received ${o.maxNewTokens}.`);
  if (o.prefillChunk !== undefined && !(Number.isInteger(o.prefillChunk) && o.prefillChunk >= 1))
    throw fail(`Expected a whole number above 0 for prefillChunk but received ${o.prefillChunk}.`);
  if (prompts.length === 0 || prompts.some((ids) => ids.length === 0))
    throw fail(
      `Expected prompts of at least one token but received ${prompts.length === 0 ? 'none' : 'an empty one'}.`,
    );
  const longest = Math.max(...prompts.map((ids) => ids.length));
  if (o.cache && o.cache.length >= longest)
    throw fail(
      `Expected a prompt that is longer than the cache but received ${longest} tokens with ${o.cache.length} in the cache.`,
    );
}
