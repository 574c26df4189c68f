import { arange, cat, Generator, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { type DecodeModel, decodeOn, decodesOnDevice, MIN_GRAPH_STEPS } from '../language/decode/decode-on.js';
import { KVCache } from '../language/kv-cache.js';
import { checkSampling, nextToken } from '../language/sampling.js';
import type { GenerateOptions } from './generate-options.js';

export interface GenerateSequencesOptions extends Omit<GenerateOptions, 'onToken'> {
  /** Largest number of tokens that the model takes, the prompt included. */
  context: number;
  /** Where masks are made. */
  device: string;
  /** Called with each token as it comes, the end token excluded; false ends its sequence. */
  onToken?: (id: number, sequence: number) => boolean;
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
  /** On CUDA, after the first tokens, decoding goes on as a CUDA graph (`decodeOn`). */
  decoding?: DecodeModel & {
    /** Rotary position of each sequence's next token minus the number of its tokens. */
    shift: readonly number[];
  };
}

/** Fills shorter prompts on the left, and sequences that are done: nothing looks at it. A token of every vocabulary, and no medium's. */
const PAD = 0;

const APART_FROM = 1024;

/** One call of a model for some sequences. */
export interface SequencesInput {
  /** Which prompts these are. */
  sequences: readonly number[];
  /** [B, n]: at first the prompts (less what the cache holds), perhaps in chunks; later one token each. */
  ids: number[][];
  /** Tokens in the cache, padding included. */
  past: number;
  /** Padding on the left of each. */
  padding: readonly number[];
  /** bool [B, past + n]: true for tokens, false for padding; null where there is none. */
  mask: Tensor | null;
  cache: KVCache;
}

/** Logits [B, 1, V] of each sequence's last token. */
export type SequencesStep = (input: SequencesInput) => Tensor;

/**
 * Generates replies to one or several prompts at once, padded on the left, with one key-value cache, greedily or by
 * sampling. Every sequence draws from a generator of its own with the same seed: it has the tokens that it would have
 * alone, rounding aside.
 * @returns the new tokens of each sequence; the end token, if it came, is the last one
 * @throws UserError ERR_VALUE, and what `step` throws
 */
export function generateSequences(
  prompts: readonly (readonly number[])[],
  options: GenerateSequencesOptions,
  step: SequencesStep,
): number[][] {
  check(prompts, options);
  const generation = new Generation(prompts, options, step);
  try {
    return noGrad(() => generation.run());
  } finally {
    generation.dispose();
  }
}

interface Sequence {
  seen: number[];
  reply: number[];
  generator: Generator | null;
  done: boolean;
}

class Generation {
  readonly #prompts: readonly (readonly number[])[];
  readonly #options: GenerateSequencesOptions;
  readonly #step: SequencesStep;
  readonly #longest: number;
  readonly #padding: readonly number[];
  readonly #cache: KVCache;
  readonly #ends: ReadonlySet<number>;
  readonly #sequences: readonly Sequence[];

  constructor(prompts: readonly (readonly number[])[], o: GenerateSequencesOptions, step: SequencesStep) {
    this.#prompts = prompts;
    this.#options = o;
    this.#step = step;
    this.#longest = Math.max(...prompts.map((ids) => ids.length));
    this.#padding = prompts.map((ids) => this.#longest - ids.length);
    const more = Math.max(0, Math.min(o.maxNewTokens, o.context - this.#longest));
    this.#cache = o.cache ?? new KVCache(this.#longest + more);
    this.#ends = new Set(o.eosIds);
    this.#sequences = prompts.map((prompt) => ({
      seen: [...prompt],
      reply: [],
      generator: o.temperature ? new Generator(o.seed ?? 0) : null,
      // A longer one is refused by the model, which says what is too long.
      done: prompt.length === o.context,
    }));
  }

  run(): number[][] {
    let last: readonly number[] | null = null;
    while (this.#sequences.some(({ done }) => !done)) {
      last = this.#next(last);
      this.#take(last);
      if (this.#decodeOn(last)) break;
    }
    return this.#sequences.map(({ reply }) => reply);
  }

  /** The next token of each sequence, chosen on the host. @param last tokens, null at first */
  #next(last: readonly number[] | null): number[] {
    return scope(() => {
      const logits = last ? this.#forward(this.#everyone, this.#padding, singles(last), this.#cache) : this.#first();
      return this.#sequences.map(({ done, seen, generator }, b) =>
        done ? PAD : nextToken(logits.select(0, b).flatten(), seen, this.#options, generator),
      );
    });
  }

  get #everyone(): number[] {
    return this.#prompts.map((_, b) => b);
  }

  /** Logits of the prompts' last tokens. */
  #first(): Tensor {
    const { cache, apartFrom = APART_FROM } = this.#options;
    const apart = !cache && this.#padding.some((count) => count > 0) && this.#longest >= apartFrom;
    if (apart) return cat(this.#everyone.map((b) => this.#alone(b)));
    return this.#prefill(this.#everyone, this.#padding, this.#cache);
  }

  /** A prompt computed by itself, its keys and values put among the others'. */
  #alone(b: number): Tensor {
    const own = new KVCache(this.#prompts[b]!.length);
    try {
      const logits = scope(() => this.#prefill([b], [0], own));
      this.#cache.place(b, this.#prompts.length, own, this.#longest);
      return logits;
    } finally {
      own.dispose();
    }
  }

  /** Logits of the last token of some prompts, computed in chunks. */
  #prefill(which: readonly number[], padding: readonly number[], cache: KVCache): Tensor {
    const padded = (b: number, i: number) => [...new Array<number>(padding[i]!).fill(PAD), ...this.#prompts[b]!];
    let ids = which.map((b, i) => padded(b, i).slice(cache.length));
    const chunk = this.#options.prefillChunk ?? this.#longest;
    while (ids[0]!.length > chunk) {
      const part = ids.map((tokens) => tokens.slice(0, chunk));
      scope(() => void this.#forward(which, padding, part, cache));
      ids = ids.map((tokens) => tokens.slice(chunk));
    }
    return this.#forward(which, padding, ids, cache);
  }

  #forward(sequences: readonly number[], padding: readonly number[], ids: number[][], cache: KVCache): Tensor {
    const past = cache.length;
    const mask = maskOf(padding, past + ids[0]!.length, this.#options.device);
    return this.#step({ sequences, ids, past, padding, mask, cache });
  }

  /** Takes the next token of each sequence; false when all are done. */
  #take(next: readonly number[]): boolean {
    const { context, maxNewTokens, onToken } = this.#options;
    for (const [b, sequence] of this.#sequences.entries()) {
      if (sequence.done) continue;
      const id = next[b]!;
      sequence.reply.push(id);
      sequence.seen.push(id);
      const ended = this.#ends.has(id);
      const goOn = ended || (onToken?.(id, b) ?? true);
      const full = sequence.reply.length === maxNewTokens || sequence.seen.length === context;
      sequence.done = ended || !goOn || full;
    }
    return this.#sequences.some(({ done }) => !done);
  }

  /** Goes on as a CUDA graph, where that pays. @param next the tokens after those in the cache */
  #decodeOn(next: readonly number[]): boolean {
    const { decoding, context, maxNewTokens } = this.#options;
    const left = ({ done, reply, seen }: Sequence) =>
      done ? 0 : Math.min(maxNewTokens - reply.length, context - seen.length);
    const maxSteps = Math.max(...this.#sequences.map(left));
    if (!decoding || maxSteps < MIN_GRAPH_STEPS || !decodesOnDevice(decoding)) return false;
    const start = {
      ids: next,
      seen: this.#sequences.map(({ seen }) => seen),
      length: this.#cache.length,
      padding: this.#padding,
      shift: decoding.shift.map((shift, b) => shift - this.#padding[b]!),
    };
    decodeOn(decoding, this.#cache, start, { ...this.#options, maxSteps, accept: (ids) => this.#take(ids) });
    return true;
  }

  dispose(): void {
    if (!this.#options.cache) this.#cache.dispose();
    for (const { generator } of this.#sequences) generator?.dispose();
  }
}

const singles = (ids: readonly number[]): number[][] => ids.map((id) => [id]);

function maskOf(padding: readonly number[], length: number, device: string): Tensor | null {
  if (padding.every((count) => count === 0)) return null;
  const first_B1 = tensor([...padding], { dtype: 'int64', device }).unsqueeze(1);
  return arange(0, length, 1, { dtype: 'int64', device }).unsqueeze(0).ge(first_B1);
}

function check(prompts: readonly (readonly number[])[], o: GenerateSequencesOptions): void {
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
