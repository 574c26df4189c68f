import { freemem } from 'node:os';
import { type DType, deviceInfo, memoryStats } from '@motion-enhancer/libtorch';
import { AttentionCapture, type Capture, type CaptureScope, type SquareSum } from './capture.js';
import { FusedCapture, fusedCaptureBytes, whyNotFused } from './fused-capture.js';
import { type TokenGrid, videoTokens } from './grid.js';
import type { PriorCapture } from './prior.js';

export interface CaptureNeeds extends CaptureScope {
  heads: number;
  headDim: number;
  grid: TokenGrid;
  /** Layers × steps that will be captured */
  passes: number;
  device: string;
  dtype: DType;
  /** `auto`: the fused kernel where it can serve and its memory is free, else `accumulate`, else `sampled` */
  squareSum: SquareSum | 'auto';
  sampleRows?: number;
  sampleSeed?: number;
}

export interface ChosenCapture {
  capture: Capture;
  /** What goes into the manifest. */
  chosen: PriorCapture;
  /** What was chosen, its memory, and what the others would have needed: one line */
  plan: string;
}

/** Left free for the driver, and because freed memory comes in pieces. */
const SPARE_BYTES = 4 * 2 ** 30;
/** What a pass over four streams needs at its height, in hidden states of all of them (measured: see the results of bench/). */
const STATES_AT_ONCE = 12;
const STREAMS = 4;

/** Bytes that each way keeps until the end; `fused` null with the reason where the kernel cannot serve. */
export interface CapturePlan {
  accumulate: number;
  replay: number;
  sampled: number;
  fused: number | null;
  whyNotFused: string;
  /** What is free for it. */
  free: number;
}

/** What every way of having Σ A² would need. */
export function planCapture(needs: CaptureNeeds): CapturePlan {
  const { heads, headDim, grid, passes, device, dtype, groups = 1, mask, sampleRows = 512 } = needs;
  const wide = dtype === 'float64' ? 8 : 4;
  const S = videoTokens(grid);
  const why =
    mask && mask.halfWidth > 0 ? 'it knows masks of equal locations only' : whyNotFused(device, dtype, headDim);
  return {
    accumulate: groups * heads * S * S * wide,
    replay: passes * heads * S * (2 * headDim + 1) * wide,
    sampled: groups * heads * Math.min(sampleRows, S) * S * wide,
    fused: why === null ? fusedCaptureBytes(heads, grid, passes) : null,
    whyNotFused: why ?? '',
    free: freeBytes(needs),
  };
}

/** The capture that is asked for, or that fits; `replay` takes the fused kernel where that can serve. */
export function chooseCapture(needs: CaptureNeeds): ChosenCapture {
  const plan = planCapture(needs);
  const { heads, grid, passes, squareSum } = needs;
  if (plan.fused !== null && (squareSum === 'replay' || (squareSum === 'auto' && plan.fused <= plan.free))) {
    return {
      capture: new FusedCapture(heads, grid, passes, needs),
      chosen: { squareSum: 'replay', fused: true, bytes: plan.fused },
      plan: `replay, fused kernel, keeps ${gibibytes(plan.fused)} of q, k and log-sum-exp of ${passes} passes`,
    };
  }
  const kind: SquareSum = squareSum === 'auto' ? (plan.accumulate <= plan.free ? 'accumulate' : 'sampled') : squareSum;
  return {
    capture: new AttentionCapture(heads, grid, { ...needs, squareSum: kind }),
    chosen: { squareSum: kind, fused: false, bytes: plan[kind] },
    plan: `${kind}, plain operators, ${gibibytes(plan[kind])}${reason(kind, plan)}`,
  };
}

/** Why it is not another way. */
function reason(kind: SquareSum, plan: CapturePlan): string {
  const fused =
    plan.fused === null
      ? `no fused kernel: ${plan.whyNotFused}`
      : `the fused kernel would keep ${gibibytes(plan.fused)}`;
  const exact = kind === 'sampled' ? `, accumulate ${gibibytes(plan.accumulate)}` : '';
  return ` (${fused}${exact}; about ${gibibytes(Math.max(0, plan.free))} is free)`;
}

function freeBytes({ heads, headDim, grid, device }: CaptureNeeds): number {
  if (!device.startsWith('cuda')) return freemem() - SPARE_BYTES / 4;
  const { total } = deviceInfo(Number(device.split(':')[1] ?? 0));
  const states = STREAMS * (grid.textTokens + videoTokens(grid)) * heads * headDim * 2;
  return total - SPARE_BYTES - STATES_AT_ONCE * states - memoryStats(device).allocated;
}

const gibibytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
