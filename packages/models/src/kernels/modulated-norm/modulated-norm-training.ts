import { type CompileHalf, customAutogradFunction, emptyLike, type Tensor } from '@motion-enhancer/libtorch';
import { MODULATED_NORM_TRAINING_SOURCE } from './modulated-norm-training.cu.js';
import type { ModulatedNorm } from './reference-modulated-norm.js';

const THREADS = 256;
/** Tokens of 256 threads, a warp each. */
const TOKENS = 8;

/** `referenceModulatedNorm` as one kernel forward and one backward; width a multiple of 8, 256 at most. */
export function modulatedNormTraining(compile: CompileHalf): ModulatedNorm {
  const forward = compile(MODULATED_NORM_TRAINING_SOURCE, 'modulate');
  const back = compile(MODULATED_NORM_TRAINING_SOURCE, 'modulateBackward');
  return (xAny, byAny, plusAny, textTokens, eps) => {
    const [x, by, plus] = [xAny.contiguous(), float(byAny), float(plusAny)];
    const [B, N, D] = x.shape as [number, number, number];
    const out = emptyLike(x);
    const sizes = [{ i32: D }, { i32: N }, { i32: textTokens }, { f32: eps }];
    forward.launch([Math.ceil((B * N) / TOKENS)], [THREADS], 0, [x, by, plus, out, { i64: B * N }, ...sizes]);
    const args = [{ gradOf: 0 }, x, by, { gradFor: 0 }, { gradFor: 1 }, { gradFor: 2 }, ...sizes];
    customAutogradFunction([x, by, plus], [out], [{ kernel: back, grid: [B, 2], block: [1024], args }]);
    return out;
  };
}

const float = (x: Tensor): Tensor => x.to('float32').contiguous();
