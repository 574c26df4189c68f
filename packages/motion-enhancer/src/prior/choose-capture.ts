import { type DType, deviceInfo, expected, memoryStats } from '@motion-enhancer/libtorch';
import { AttentionCapture, type Capture, type SquareSum } from './capture.js';
import { FusedCapture, fusedCaptureBytes, whyNotFused } from './fused-capture.js';
import { type TokenGrid, videoTokens } from './grid.js';

export interface CaptureNeeds {
  heads: number;
  headDim: number;
  grid: TokenGrid;
  /** Layers × steps that will be captured */
  passes: number;
  device: string;
  dtype: DType;
  /** `auto`: the fused kernel where it can serve and its memory is free, else `accumulate` */
  squareSum: SquareSum | 'auto';
}

export interface ChosenCapture {
  capture: Capture;
  /** What was chosen, its memory, and why not the fused kernel: one line */
  plan: string;
}

/** Left free for the driver, and because freed memory comes in pieces. */
const SPARE_BYTES = 4 * 2 ** 30;
/**
 * What a pass over four streams needs at its height, in hidden states of all of them: 26 measured (CogVideoX-1.5-5B, 9,676
 * tokens, one H200: 16.2 GiB of which 10.4 are weights).
 */
const STATES_AT_ONCE = 30;
const STREAMS = 4;

/**
 * The capture that fits device, dtype and memory; `replay` takes the fused kernel where that can serve.
 * @throws UserError where `auto` finds room for neither kind on a GPU
 */
export function chooseCapture(needs: CaptureNeeds): ChosenCapture {
  const { heads, headDim, grid, passes, device, dtype, squareSum } = needs;
  const plain = (kind: SquareSum, why = ''): ChosenCapture => {
    const wide = dtype === 'float64' ? 8 : 4;
    const S = videoTokens(grid);
    const bytes = kind === 'accumulate' ? heads * S * S * wide : passes * heads * S * (2 * headDim + 1) * wide;
    return {
      capture: new AttentionCapture(heads, grid, { device, dtype, squareSum: kind }),
      plan: `${kind}, plain operators, ${gibibytes(bytes)}${why && ` (no fused kernel: ${why})`}`,
    };
  };
  if (squareSum === 'accumulate') return plain(squareSum);
  const why = whyNotFused(device, dtype, headDim);
  if (why !== null) return plain(squareSum === 'auto' ? 'accumulate' : squareSum, why);
  const bytes = fusedCaptureBytes(heads, grid, passes);
  if (squareSum === 'auto') {
    const free = freeBytes(needs);
    if (bytes > free) {
      const room = `about ${gibibytes(Math.max(0, free))} is free`;
      const S = videoTokens(grid);
      if (heads * S * S * 4 <= free) return plain('accumulate', `it would keep ${gibibytes(bytes)} and ${room}`);
      const fitting = Math.max(0, Math.floor((free / bytes) * passes));
      throw expected(
        `passes whose capture fits (${room})`,
        'steps',
        `${passes} passes, which keep ${gibibytes(bytes)}`,
        `There is room for ${fitting} passes: lower stepsUsed, frames or the size. squareSum replay tries it all the same.`,
      );
    }
  }
  return {
    capture: new FusedCapture(heads, grid, passes, { device, dtype }),
    plan: `replay, fused kernel, keeps ${gibibytes(bytes)} of q, k and log-sum-exp of ${passes} passes`,
  };
}

function freeBytes({ heads, headDim, grid, device }: CaptureNeeds): number {
  const { total } = deviceInfo(Number(device.split(':')[1] ?? 0));
  const states = STREAMS * (grid.textTokens + videoTokens(grid)) * heads * headDim * 2;
  return total - SPARE_BYTES - STATES_AT_ONCE * states - memoryStats(device).allocated;
}

const gibibytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
