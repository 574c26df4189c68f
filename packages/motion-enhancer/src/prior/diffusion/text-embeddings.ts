import { type DType, emptyCache, keep, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import {
  type Encoding,
  groupWords,
  loadT5Encoder,
  type T5Encoder,
  type Tokenizer,
  type Word,
} from '@motion-enhancer/models';

/** A text as the diffusion model takes it. */
export interface EncodedText {
  /** [1, T, D], padded to the model's text length; belongs to the caller's scope */
  embedding: Tensor;
  words: Word[];
  encoding: Encoding;
}

export interface TextEncoderOptions {
  device: string;
  dtype: DType;
  /** Tokens that a text is padded and cut to. */
  maxLength: number;
}

/**
 * Embeddings of texts, cached by text in main memory. The encoder (4.7 billion parameters in CogVideoX) is loaded for
 * all texts of a call to `encode` and freed before it returns, so that the transformer never shares its device with it.
 */
export class TextEmbeddings {
  readonly #folder: string;
  readonly #tokenizer: Tokenizer;
  readonly #o: TextEncoderOptions;
  /** In the model's dtype, on the CPU. */
  readonly #cache = new Map<string, Tensor>();
  #loads = 0;

  /** @param folder text_encoder of a CogVideoX checkpoint */
  constructor(folder: string, tokenizer: Tokenizer, o: TextEncoderOptions) {
    this.#folder = folder;
    this.#tokenizer = tokenizer;
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

  /**
   * Makes the embeddings of all these texts; those at hand are not made again.
   * @throws UserError when the folder holds no T5 encoder
   */
  encode(texts: Iterable<string>): void {
    const missing = [...new Set(texts)].filter((text) => !this.#cache.has(text));
    if (missing.length === 0) return;
    const encoder = loadT5Encoder(this.#folder, this.#o);
    this.#loads++;
    try {
      // One at a time: what a text's embedding is must not depend, to the last bit, on what it was encoded with.
      for (const text of missing) this.#cache.set(text, this.#encodeOne(encoder, text));
    } finally {
      encoder.dispose();
      if (this.#o.device.startsWith('cuda')) emptyCache(this.#o.device);
    }
  }

  /** The embedding of a text on the model's device, with its words; encoded now if `encode` had not been told of it. */
  get(text: string): EncodedText {
    this.encode([text]);
    const encoding = this.#tokens(text);
    const embedding = scope(() => this.#cache.get(text)!.to(this.#o.device));
    return { embedding, words: groupWords(text, encoding), encoding };
  }

  /** Forgets all embeddings, or all but those of some texts. */
  clear(except: ReadonlySet<string> = new Set()): void {
    for (const [text, embedding] of this.#cache) {
      if (except.has(text)) continue;
      embedding.dispose();
      this.#cache.delete(text);
    }
  }

  #tokens(text: string): Encoding {
    return this.#tokenizer.encode(text, { maxLength: this.#o.maxLength, padToMaxLength: true });
  }

  #encodeOne(encoder: T5Encoder, text: string): Tensor {
    const { device, dtype } = this.#o;
    return noGrad(() =>
      keep(
        scope(() =>
          encoder
            .forward(tensor([this.#tokens(text).ids], { dtype: 'int64', device }))
            .to(dtype)
            .cpu(),
        ),
      ),
    );
  }
}
