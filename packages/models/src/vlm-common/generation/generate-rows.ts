import { arange, cat, Generator, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
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
  /**
   * Prompts that differ in length are computed one by one when the longest has so many tokens: without padding, and without
   * a mask of tokens². Default 1024.
   */
  apartFrom?: number;
  /** On CUDA, after the first tokens, decoding goes on in a recorded graph (`decodeOn`). */
  decoding?: DecodeModel & {
    /** Rotary position of each row's next token minus the number of its tokens. */
    shift: readonly number[];
  };
}

/** Fills shorter prompts on the left, and rows that are done: nothing looks at it. A token of every vocabulary, and no medium's. */
const PAD = 0;

const APART_FROM = 1024;

/** One call of a model for some rows. */
export interface RowsInput {
  /** Which prompts these are. */
  rows: readonly number[];
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
      const everyone = prompts.map((_, b) => b);
      const run = (which: readonly number[], pads: readonly number[], ids: number[][], into: KVCache) => {
        const past = into.length;
        const mask = maskOf(pads, past + ids[0]!.length, options.device);
        return step({ rows: which, ids, past, padding: pads, mask, cache: into });
      };
      /** Logits of the last token of some prompts, computed in chunks. */
      const prefill = (which: readonly number[], pads: readonly number[], into: KVCache): Tensor => {
        let ids = which.map((b, i) => [...new Array<number>(pads[i]!).fill(PAD), ...prompts[b]!].slice(into.length));
        const chunk = options.prefillChunk ?? longest;
        while (ids[0]!.length > chunk) {
          const part = ids.map((row) => row.slice(0, chunk));
          scope(() => void run(which, pads, part, into));
          ids = ids.map((row) => row.slice(chunk));
        }
        return run(which, pads, ids, into);
      };
      const alone = (b: number): Tensor => {
        const own = new KVCache(prompts[b]!.length);
        try {
          const logits = scope(() => prefill([b], [0], own));
          cache.place(b, prompts.length, own, longest);
          return logits;
        } finally {
          own.dispose();
        }
      };
      const apart =
        !options.cache && padding.some((count) => count > 0) && longest >= (options.apartFrom ?? APART_FROM);
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
      let ids: number[][] | null = null;
      while (rows.some(({ done }) => !done)) {
        const next = scope(() => {
          let logits: Tensor;
          if (ids) logits = run(everyone, padding, ids, cache);
          else if (apart) logits = cat(everyone.map(alone));
          else logits = prefill(everyone, padding, cache);
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
