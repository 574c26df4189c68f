import { familyOf } from '../families/family-of.js';
import { PATCHES_AT_ONCE } from '../generate/in-pieces.js';
import type { ModelSize } from './model-size.js';

export type PlanDType = 'float32' | 'bfloat16' | 'float16';

/** Bytes of one dtype. */
export interface DTypePlan {
  dtype: PlanDType;
  weights: number;
  /** Keys and values of one token in all layers. */
  cachePerToken: number;
  /** For each of the plan's token counts: the cache, what a prefill needs besides, and everything. */
  chats: { tokens: number; cache: number; working: number; total: number }[];
  /** Weights, gradients and AdamW's state (float32 moments and master weights), without activations. */
  training: number;
}

export interface MemoryPlan {
  /** Of the family: `id` and `name`. */
  family: string;
  name: string;
  size: ModelSize;
  /** Of all parts. */
  parameters: number;
  dtypes: DTypePlan[];
}

const BYTES = { float32: 4, bfloat16: 2, float16: 2 } as const satisfies Record<PlanDType, number>;
/** Tokens of a chat about a minute of video at the paper's settings (60 frames of 504 × 280: 30 · 180), and text. */
const TYPICAL = 8192;

/**
 * What a checkpoint needs in memory, from its config.json alone: weights and caches to the byte, working memory as an
 * estimate of the largest layer's activations (all tokens in one pass, nine in ten of them visual).
 * @param tokens lengths of chats; by default a typical one and the model's longest
 * @param prefillChunk as in `GenerationOptions`; 0: prompts at once
 * @throws UserError ERR_CHECKPOINT, ERR_CONFIG
 */
export function memoryPlan(dir: string, tokens?: readonly number[], prefillChunk = 0): MemoryPlan {
  const { family, raw, file } = familyOf(dir);
  const size = family.size(raw, file);
  const parameters = size.vision + size.merger + size.language;
  const lengths = tokens ?? [...new Set([Math.min(TYPICAL, size.context), size.context])];
  const dtypes = (Object.keys(BYTES) as PlanDType[]).map((dtype): DTypePlan => {
    const bytes = BYTES[dtype];
    const weights = parameters * bytes;
    const cachePerToken = 2 * size.layers * size.keyWidth * bytes;
    const chats = lengths.map((n) => {
      const cache = n * cachePerToken;
      const working = workingBytes(size, n, prefillChunk || n, bytes);
      return { tokens: n, cache, working, total: weights + cache + working };
    });
    // 16-bit: weights 2, gradients 2, master weights 4, moments 8; float32: weights, gradients, moments.
    return { dtype, weights, cachePerToken, chats, training: 16 * parameters };
  });
  return { family: family.id, name: family.name, size, parameters, dtypes };
}

/**
 * What lives at once in the decoder's or the vision tower's block, whichever is more: what attention makes is freed before
 * the perceptron runs, the rest together when the block ends. Counted from language/block.ts and the towers; bench/memory-plan.mjs holds it against runs.
 */
function workingBytes(size: ModelSize, tokens: number, chunk: number, bytes: number): number {
  const visual = 0.9 * tokens;
  const computed = Math.min(tokens, chunk);
  // A chunk after the first has a mask, which attention wants as numbers.
  const mask = computed < tokens ? computed * tokens * (1 + bytes) : 0;
  const decoder = computed * (16 * size.hidden + 4 * size.intermediate) * bytes + mask + size.vocabulary * 4;
  const patches = visual * size.patchesPerToken;
  const atOnce = Math.min(patches, PATCHES_AT_ONCE);
  // Rotation is in float32 there.
  const tower = atOnce * ((14 * bytes + 12 * 4) * size.visionHidden + 4 * size.visionIntermediate * bytes);
  return Math.max(decoder + visual * size.hidden * bytes, tower) + patches * size.patchWidth * 4;
}
