import { embedding, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { type Decoded, type DecoderOptions, decodeLayers } from './decode-layers.js';
import type { Qwen2Config } from './qwen2-config.js';
import type { Qwen2Weights } from './weights.js';

/** Token ids [B, N] (int64). */
export type TokenIds = Tensor | readonly (readonly number[])[];

/** What of a vision-language model its forward pass needs, of whichever family. */
export interface SequenceModel {
  readonly device: string;
  readonly config: { readonly text: Qwen2Config };
  readonly weights: { readonly language_model: Qwen2Weights };
  /** Token embeddings with the visual ones in place: [B, N, C]. */
  embed(ids: TokenIds, visual: Tensor | null): Tensor;
}

export const idsTensor = (ids: TokenIds, device: string): Tensor =>
  Array.isArray(ids) ? tensor(ids, { dtype: 'int64', device }) : (ids as Tensor).to(device);

/** What differs between families. */
export interface SequenceRules {
  /** Positions of `tokens` tokens that come after `past` others. */
  positions(past: number, tokens: number): Tensor;
  /** A sentence for users of this family: what makes a sample shorter. */
  shorter: string;
}

/**
 * Embeds token ids and runs the decoder over them. Call it in a scope.
 * @throws UserError ERR_CONTEXT (too many tokens), ERR_VALUE (rows of several sequences, or after a cache)
 */
export function decodeSequence(
  model: SequenceModel,
  ids: TokenIds,
  visual: Tensor | null,
  options: Omit<DecoderOptions, 'positions'>,
  { positions, shorter }: SequenceRules,
): Decoded {
  const { text } = model.config;
  const decoder = model.weights.language_model;
  const past = options.cache?.length ?? 0;
  // A media token that the model itself wrote is text: only prompts have places for media.
  const written = visual === null && past > 0;
  const embeds = written ? embedding(idsTensor(ids, model.device), decoder.embed_tokens) : model.embed(ids, visual);
  const [B, N] = embeds.shape as [number, number, number];
  if (past + N > text.maxPositionEmbeddings)
    throw new UserError(
      `The sample has ${past + N} tokens, ${visual?.size(0) ?? 0} of them visual, but the model takes at most ${text.maxPositionEmbeddings} (max_position_embeddings). ${shorter}`,
      { code: 'ERR_CONTEXT' },
    );
  if (options.rows && (B !== 1 || past > 0))
    throw new UserError(
      `Expected one sequence and no cache for rows but received ${B} sequences${past > 0 ? ' and a cache' : ''}. Run the samples one by one.`,
      { code: 'ERR_VALUE' },
    );
  return decodeLayers(embeds, decoder, text, { ...options, positions: positions(past, N) });
}
