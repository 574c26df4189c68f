import { type Checkpoints, type DType, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { SaveOptions } from '../hub/index.js';
import type { Decoded, DecoderOptions } from '../vlm-common/language/decode-layers.js';
import { decodeSequence, idsTensor, type TokenIds } from '../vlm-common/language/decode-sequence.js';
import type { ModelParts } from '../vlm-common/model-parts.js';
import type { Qwen25VLConfig } from './config.js';
import { embedTokens } from './embed.js';
import { type Grid, patchCount } from './grid.js';
import { savePretrained } from './save.js';
import { visionTower } from './vision-tower.js';
import { groupOf, type ParameterGroup, type WeightForm } from './weight-names.js';
import { type Qwen25VLWeights, structureOf } from './weights.js';

export interface Qwen25VLInput extends Omit<DecoderOptions, 'positions'> {
  /** Token ids [B, N] (int64), image and video pads expanded. */
  ids: TokenIds;
  /** Visual embeddings in the order of the pads, from `encodeVisual`. */
  visual?: Tensor | null;
  /** int64 [3, B, N], from `ropeIndex` and `positionsTensor`. */
  positions_3BN: Tensor;
}

/** @internal What a model is made of. */
export type Qwen25VLParts = ModelParts<Qwen25VLConfig, WeightForm>;

/** Qwen2.5-VL: vision tower, merger and decoder. Load it with `loadQwen25VL`, free it with `dispose()`. */
export class Qwen25VL {
  readonly config: Qwen25VLConfig;
  readonly device: string;
  readonly dtype: DType;
  /** The parameters as layers, for code that runs block by block. */
  readonly weights: Qwen25VLWeights;
  readonly #parts: Qwen25VLParts;

  /** @internal */
  constructor(parts: Qwen25VLParts) {
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

  groupOf(name: string): ParameterGroup {
    return groupOf(name);
  }

  /**
   * Patches [P, 1176] of images and videos → embeddings [tokens, C].
   * @throws UserError ERR_MEDIA when patches and grids do not match
   */
  encodeVisual(patches: Tensor, grid_thw: readonly Grid[], checkpoints: Checkpoints | null = null): Tensor {
    const total = grid_thw.reduce((sum, grid) => sum + patchCount(grid), 0);
    if (total === 0 || patches.size(0) !== total) {
      const grids = grid_thw.map((grid) => grid.join('×')).join(', ');
      throw new UserError(
        `Expected ${total} patches for the grids ${grids || '(none)'} but received ${patches.size(0)}. Give every image and video with its own grid.`,
        { code: 'ERR_MEDIA' },
      );
    }
    return scope(() =>
      visionTower(patches.to(this.dtype, this.device), grid_thw, this.weights.visual, this.config.vision, checkpoints),
    );
  }

  /** Token embeddings with the visual ones in place: [B, N, C]. */
  embed(ids: Qwen25VLInput['ids'], visual: Tensor | null = null): Tensor {
    return scope(() =>
      embedTokens(idsTensor(ids, this.device), visual, this.weights.language_model.embed_tokens, this.config),
    );
  }

  /**
   * Runs the decoder; under autograd as well as within `noGrad`.
   * @throws UserError ERR_MEDIA (visual embeddings do not fit the pads), ERR_CONTEXT (too many tokens)
   */
  forward({ ids, visual = null, positions_3BN, ...options }: Qwen25VLInput): Decoded {
    const positions = () => positions_3BN.to(this.device);
    return scope(() => decodeSequence(this, ids, visual, options, { positions, shorter: SHORTER }));
  }

  /**
   * Saves a checkpoint with the weight names and config form that the model was loaded with, and the tokenizer and
   * processor files that lay beside it: transformers loads the result.
   * @throws UserError ERR_CHECKPOINT, ERR_WRITE
   */
  savePretrained(dir: string, options: SaveOptions = {}): void {
    savePretrained(dir, this.#parts, options);
  }

  dispose(): void {
    for (const parameter of this.#parts.parameters.values()) parameter.dispose();
  }
}

const SHORTER = 'Lower fps, maxFrames or maxPixels (fewer or smaller frames), or shorten the text.';
