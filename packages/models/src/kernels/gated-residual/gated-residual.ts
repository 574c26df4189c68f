import { type CompileHalf, customAutogradFunction, emptyLike, type Tensor } from '@motion-enhancer/libtorch';
import { GATED_RESIDUAL_SOURCE } from './gated-residual.cu.js';
import type { GatedResidual } from './reference-gated-residual.js';

const THREADS = 256;
/** Tokens of 256 threads, a warp each. */
const TOKENS = 8;

/** `referenceGatedResidual` as one kernel forward and one backward; width a multiple of 8, 256 at most. */
export function gatedResidual(compile: CompileHalf): GatedResidual {
  const forward = compile(GATED_RESIDUAL_SOURCE, 'gatedResidual');
  const back = compile(GATED_RESIDUAL_SOURCE, 'gatedResidualBackward');
  return (beforeAny, updateAny, gateAny, textTokens) => {
    const [before, update, gate] = [beforeAny.contiguous(), updateAny.contiguous(), float(gateAny)];
    const [B, N, D] = before.shape as [number, number, number];
    const out = emptyLike(before);
    const sizes = [{ i32: D }, { i32: N }, { i32: textTokens }];
    const rows = { i64: B * N };
    forward.launch([Math.ceil((B * N) / TOKENS)], [THREADS], 0, [before, update, gate, out, rows, ...sizes]);
    const args = [{ gradOf: 0 }, update, gate, { gradFor: 0 }, { gradFor: 1 }, { gradFor: 2 }, ...sizes];
    customAutogradFunction([before, update, gate], [out], [{ kernel: back, grid: [B, 2], block: [1024], args }]);
    return out;
  };
}

const float = (x: Tensor): Tensor => x.to('float32').contiguous();
