import { type DType, emptyCache, keep, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Encoding, groupWords, wordSpans } from '@motion-enhancer/models';
import type { EncodedText, TextEncoder } from './text-encoder.js';
import type { TextFit } from './text-fit.js';

/** A text encoder while it is loaded. */
export interface LoadedTextEncoder {
  /** [1, T, D] of a text's tokens, as the transformer takes it; runs in a scope, without gradients. */
  embed(encoding: Encoding): Tensor;
  dispose(): void;
}

export interface TextEmbeddingsOptions {
  device: string;
  dtype: DType;
  /** Tokens of a text, padded and cut as the model wants them. */
  tokenize(text: string): Encoding;
  /** What of a text the model is told, where the tokenizer can say. */
  fit?(text: string): TextFit;
  /** @throws UserError when the checkpoint holds no such encoder */
  load(): LoadedTextEncoder;
}

/**
 * Embeddings of texts, cached by text in main memory. The encoder (it may be larger than the transformer) is loaded for
 * all texts of a call to `encode` and freed before it returns, so that the transformer never shares its device with it.
 */
export class TextEmbeddings implements TextEncoder {
  readonly #o: TextEmbeddingsOptions;
  /** In the model's dtype, on the CPU. */
  readonly #cache = new Map<string, Tensor>();
  #loads = 0;

  constructor(o: TextEmbeddingsOptions) {
    this.#o = o;
  }

  /** How often the encoder was loaded. */
  get loads(): number {
    return this.#loads;
  }

  /** How many embeddings are at hand. */
  get size(): number {
    return this.#cache.size;
  }

  has(text: string): boolean {
    return this.#cache.has(text);
  }

  encode(texts: Iterable<string>): void {
    const missing = [...new Set(texts)].filter((text) => !this.#cache.has(text));
    if (missing.length === 0) return;
    const encoder = this.#o.load();
    this.#loads++;
    try {
      // One at a time: what a text's embedding is must not depend, to the last bit, on what it was encoded with.
      for (const text of missing) this.#cache.set(text, this.#encodeOne(encoder, text));
    } finally {
      encoder.dispose();
      if (this.#o.device.startsWith('cuda')) emptyCache(this.#o.device);
    }
  }

  fit(text: string): TextFit {
    const { length } = wordSpans(text);
    return this.#o.fit?.(text) ?? { words: length, cut: 0, unknown: 0, known: true };
  }

  get(text: string): EncodedText {
    this.encode([text]);
    const encoding = this.#o.tokenize(text);
    const embedding = scope(() => this.#cache.get(text)!.to(this.#o.device));
    return { embedding, words: groupWords(text, encoding), encoding };
  }

  clear(except: ReadonlySet<string> = new Set()): void {
    for (const [text, embedding] of this.#cache) {
      if (except.has(text)) continue;
      embedding.dispose();
      this.#cache.delete(text);
    }
  }

  #encodeOne(encoder: LoadedTextEncoder, text: string): Tensor {
    return noGrad(() => keep(scope(() => encoder.embed(this.#o.tokenize(text)).to(this.#o.dtype).cpu())));
  }
}
