import type { Tensor } from '@motion-enhancer/libtorch';
import type { Encoding, Word } from '@motion-enhancer/models';
import type { TextFit } from './text-fit.js';

/** A text as the diffusion model takes it. */
export interface EncodedText {
  /** [1, T, D], padded to the model's text length; belongs to the caller's scope */
  embedding: Tensor;
  words: Word[];
  encoding: Encoding;
}

/** Embeddings of texts. The encoder comes for a call of `encode` and goes before it returns. */
export interface TextEncoder {
  has(text: string): boolean;
  /** Makes the embeddings of all these texts; those at hand are not made again. @throws UserError for a bad checkpoint */
  encode(texts: Iterable<string>): void;
  /** The embedding of a text on the model's device, with its words; encoded now if `encode` had not been told of it. */
  get(text: string): EncodedText;
  /** What of a text the model is told, where the tokenizer can say; no encoder is needed. */
  fit?(text: string): TextFit;
  /** Forgets all embeddings, or all but those of some texts. */
  clear(except?: ReadonlySet<string>): void;
}
