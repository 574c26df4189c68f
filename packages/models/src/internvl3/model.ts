import { arange, type Checkpoints, type DType, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { SaveOptions } from '../hub/index.js';
import { embedTokens } from '../qwen2-5-vl/embed.js';
import type { ParameterGroup } from '../qwen2-5-vl/weight-names.js';
import type { Decoded, DecoderOptions } from '../vlm-common/language/decode-layers.js';
import { decodeSequence, idsTensor, type TokenIds } from '../vlm-common/language/decode-sequence.js';
import type { ModelParts } from '../vlm-common/model-parts.js';
import type { InternVL3Config } from './config.js';
import { projector } from './projector.js';
import { savePretrained } from './save.js';
import { visionTower } from './vision-tower.js';
import { groupOf, type InternVL3WeightForm } from './weight-names.js';
import { type InternVL3Weights, structureOf } from './weights.js';

export interface InternVL3Input extends Omit<DecoderOptions, 'positions'> {
  /** Token ids [B, N] (int64), one `<IMG_CONTEXT>` per visual token. */
  ids: TokenIds;
  /** Visual embeddings in the order of those tokens, from `encodeVisual`. */
  visual?: Tensor | null;
}

/** @internal What a model is made of. */
export type InternVL3Parts = ModelParts<InternVL3Config, InternVL3WeightForm>;

/** InternVL3: InternViT, projector and decoder. Load it with `loadInternVL3`, free it with `dispose()`. */
export class InternVL3 {
  readonly config: InternVL3Config;
  readonly device: string;
  readonly dtype: DType;
  /** The parameters as layers, for code that runs block by block. */
  readonly weights: InternVL3Weights;
  readonly #parts: InternVL3Parts;

  /** @internal */
  constructor(parts: InternVL3Parts) {
    this.#parts = parts;
    this.config = parts.config;
    this.device = parts.device;
    this.dtype = parts.dtype;
    this.weights = structureOf(parts.parameters, parts.config, parts.wrapBlock);
  }

  /** Every parameter by its canonical name (as in transformers 5); tied heads appear once, as the embedding. */
  parameters(): ReadonlyMap<string, Tensor> {
    return this.#parts.parameters;
  }

  /** `merger` is the projector. */
  groupOf(name: string): ParameterGroup {
    return groupOf(name);
  }

  /**
   * Tiles [n, 3, h, w] of images and videos, normalised (448 × 448 as published) → embeddings [n · tokens, C].
   * Sides other than the published ones must be multiples of two patches; positions are then interpolated.
   * @throws UserError ERR_MEDIA
   */
  encodeVisual(pixels_NCHW: Tensor, checkpoints: Checkpoints | null = null): Tensor {
    const { vision, shuffle, tileSize } = this.config;
    const [n, channels, h, w] = pixels_NCHW.shape as [number, number, number, number];
    const factor = vision.patchSize * shuffle;
    const fits = pixels_NCHW.dim === 4 && channels === vision.numChannels && h % factor === 0 && w % factor === 0;
    if (!fits || pixels_NCHW.numel === 0)
      throw new UserError(
        `Expected tiles [n, ${vision.numChannels}, ${tileSize}, ${tileSize}] (sides multiples of ${factor}) for pixels but received [${pixels_NCHW.shape.join(', ')}].${n === 0 ? ' There are no frames: check that the video can be decoded.' : ''}`,
        { code: 'ERR_MEDIA' },
      );
    return scope(() => {
      const features = visionTower(
        pixels_NCHW.to(this.dtype, this.device),
        this.weights.vision_tower,
        vision,
        checkpoints,
      );
      return projector(features, this.weights.multi_modal_projector, shuffle);
    });
  }

  /** Token embeddings with the visual ones in place: [B, N, C]. */
  embed(ids: InternVL3Input['ids'], visual: Tensor | null = null): Tensor {
    const { imageTokenId } = this.config;
    return scope(() =>
      embedTokens(idsTensor(ids, this.device), visual, this.weights.language_model.embed_tokens, {
        imageTokenId,
        videoTokenId: imageTokenId,
      }),
    );
  }

  /**
   * Runs the decoder; under autograd as well as within `noGrad`.
   * @throws UserError ERR_MEDIA (visual embeddings do not fit their tokens), ERR_CONTEXT (too many tokens)
   */
  forward({ ids, visual = null, ...options }: InternVL3Input): Decoded {
    const positions = (past: number, tokens: number) =>
      positionsOf(past, tokens, options.attentionMask ?? null, this.device);
    return scope(() => decodeSequence(this, ids, visual, options, { positions, shorter: SHORTER }));
  }

  /**
   * Saves a checkpoint with the weight names and config form that the model was loaded with, and the tokenizer,
   * processor and model code files that lay beside it.
   * @throws UserError ERR_CHECKPOINT, ERR_WRITE
   */
  savePretrained(dir: string, options: SaveOptions = {}): void {
    savePretrained(dir, this.#parts, options);
  }

  dispose(): void {
    for (const parameter of this.#parts.parameters.values()) parameter.dispose();
  }
}

const SHORTER = 'Take fewer frames or tiles, or shorten the text.';

/** Running numbers that leave padding out: int64 [B or 1, N]. */
function positionsOf(past: number, n: number, valid_BM: Tensor | null, device: string): Tensor {
  if (!valid_BM) return arange(past, past + n, 1, { dtype: 'int64', device }).unsqueeze(0);
  const running = valid_BM.to(device).ne(0).to('int64').cumsum(1).sub(1).clamp(0);
  return running.narrow(1, past, n);
}
