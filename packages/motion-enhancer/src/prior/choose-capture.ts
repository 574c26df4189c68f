import { type DType, deviceInfo, memoryStats } from '@motion-enhancer/libtorch';
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

/** Left for what the passes themselves need. */
const SPARE = 0.1;

/** The capture that fits device, dtype and memory; `replay` takes the fused kernel where that can serve. */
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
    const { total } = deviceInfo(Number(device.split(':')[1] ?? 0));
    const free = total * (1 - SPARE) - memoryStats(device).allocated;
    if (bytes > free)
      return plain('accumulate', `it would keep ${gibibytes(bytes)} and about ${gibibytes(Math.max(0, free))} is free`);
  }
  return {
    capture: new FusedCapture(heads, grid, passes, { device, dtype }),
    plan: `replay, fused kernel, keeps ${gibibytes(bytes)} of q, k and log-sum-exp of ${passes} passes`,
  };
}

const gibibytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
