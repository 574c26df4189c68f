import { freemem } from 'node:os';
import { type DType, deviceInfo, memoryStats } from '@motion-enhancer/libtorch';
import { bytesPerElement } from '../bytes-per-element.js';
import type { AttentionShape } from '../diffusion/video-diffusion.js';
import { type TokenGrid, videoTokens } from '../grid.js';
import type { PriorCapture } from '../store/prior.js';
import { AttentionCapture } from './attention-capture.js';
import type { Capture, CaptureScope, SquareSum } from './capture-types.js';
import { FusedCapture, fusedCaptureBytes, whyNotFused } from './fused-capture.js';

export interface CaptureNeeds extends CaptureScope {
  heads: number;
  headDim: number;
  /** Of the model's attention (default joint). */
  kind?: AttentionShape['kind'];
  grid: TokenGrid;
  /** Layers × steps that will be captured */
  passes: number;
  device: string;
  dtype: DType;
  /** `auto`: the fused kernel where it can serve and its memory is free, else `accumulate`, else `sampled` */
  squareSum: SquareSum | 'auto';
  sampleRows?: number;
  sampleSeed?: number;
  /** Clips that are captured side by side (default 1); the fused kernel takes one. */
  clips?: number;
  /** Bytes of the device that are taken already; what libtorch holds now, unless told. */
  taken?: number;
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
  const { headDim, grid, passes, dtype, groups = 1, sampleRows = 512, clips = 1 } = needs;
  const heads = needs.heads * clips;
  const bytes = bytesPerElement(dtype === 'float64' ? dtype : 'float32');
  const S = videoTokens(grid);
  const why = whyPlain(needs);
  return {
    accumulate: groups * heads * S * S * bytes,
    replay: passes * heads * S * (2 * headDim + 1) * bytes,
    sampled: groups * heads * Math.min(sampleRows, S) * S * bytes,
    fused: why === null ? fusedCaptureBytes(heads, grid, passes) : null,
    whyNotFused: why ?? '',
    free: freeBytes(needs),
  };
}

/** Why the fused kernel cannot serve, or null. */
function whyPlain({ kind, mask, device, dtype, headDim, clips = 1 }: CaptureNeeds): string | null {
  if (clips > 1) return 'it takes one clip at a time';
  if (kind === 'self-cross') return 'it takes joint attention of text and video only';
  if (mask && mask.halfWidth > 0) return 'it knows masks of equal locations only';
  return whyNotFused(device, dtype, headDim);
}

/** Which way serves: the one asked for, or the first that fits; `replay` takes the fused kernel where that can serve. */
export function waysOfCapture(needs: CaptureNeeds): { chosen: PriorCapture & { squareSum: SquareSum }; plan: string } {
  const plan = planCapture(needs);
  const { passes, squareSum } = needs;
  if (plan.fused !== null && (squareSum === 'replay' || (squareSum === 'auto' && plan.fused <= plan.free))) {
    return {
      chosen: { squareSum: 'replay', fused: true, bytes: plan.fused },
      plan: `replay, fused kernel, keeps ${gibibytes(plan.fused)} of q, k and log-sum-exp of ${passes} passes`,
    };
  }
  const kind: SquareSum = squareSum === 'auto' ? (plan.accumulate <= plan.free ? 'accumulate' : 'sampled') : squareSum;
  return {
    chosen: { squareSum: kind, fused: false, bytes: plan[kind] },
    plan: `${kind}, plain operators, ${gibibytes(plan[kind])}${reason(kind, plan)}`,
  };
}

/** A capture of the way that `waysOfCapture` names. */
export function chooseCapture(needs: CaptureNeeds): ChosenCapture {
  const { chosen, plan } = waysOfCapture(needs);
  const { heads, grid, passes } = needs;
  const capture = chosen.fused
    ? new FusedCapture(heads, grid, passes, needs)
    : new AttentionCapture(heads, grid, { ...needs, squareSum: chosen.squareSum });
  return { capture, chosen, plan };
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

function freeBytes({ heads, headDim, grid, device, taken }: CaptureNeeds): number {
  if (!device.startsWith('cuda')) return freemem() - SPARE_BYTES / 4 - (taken ?? 0);
  const { total } = deviceInfo(Number(device.split(':')[1] ?? 0));
  return total - SPARE_BYTES - passBytes(heads * headDim, grid, 2) - (taken ?? memoryStats(device).allocated);
}

/** What a pass over all streams needs at its height, weights and capture aside. */
export const passBytes = (width: number, grid: TokenGrid, elementBytes: number): number =>
  STATES_AT_ONCE * STREAMS * (grid.textTokens + videoTokens(grid)) * width * elementBytes;

export const gibibytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
