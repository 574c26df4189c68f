import { totalmem } from 'node:os';
import { type DType, deviceInfo } from '@motion-enhancer/libtorch';
import { bytesPerElement } from './bytes-per-element.js';
import { captureIdentity } from './capture/capture-identity.js';
import { captureNeeds } from './capture/capture-needs.js';
import {
  type CaptureNeeds,
  type CapturePlan,
  gibibytes,
  passBytes,
  planCapture,
  waysOfCapture,
} from './capture/choose-capture.js';
import { wordBytes } from './capture/collector.js';
import { wantsStatistics } from './capture/wanted.js';
import { checkOptions, fromAttention } from './check-options.js';
import type { PriorConfig } from './config.js';
import { videoDiffusionFamily } from './diffusion/families.js';
import type { FrameRule } from './diffusion/frame-rule.js';
import { videoTokens } from './grid.js';
import type { PriorCapture } from './store/prior.js';

/** What a run needs in memory, in bytes, from the checkpoint's headers alone: nothing of it is loaded. */
export interface PriorPlan {
  /** How many frames the model takes. */
  frameRule: FrameRule;
  device: string;
  dtype: DType;
  /** Of the device. */
  total: number;
  /** The largest clip that the options allow. */
  clip: { frames: number; height: number; width: number; textTokens: number; videoTokens: number };
  /** Loaded alone, and freed before the others come. */
  textEncoder: number;
  transformer: number;
  vae: number;
  /** Encoding one chunk of frames, beside the weights; estimated. */
  encoding: number;
  /** Pixels of a tile, where `vaeMemory` asks for tiles. */
  tile: { height: number; width: number } | null;
  /** Intermediate results of a pass; estimated. */
  passes: number;
  capture: PlannedCapture;
  /** Of each further selection; those that want the same of the pass as another share its capture. */
  others: PlannedCapture[];
  /** Bytes of all captures together. */
  captures: number;
  /** Decoding for `keepStrip`, after the passes; 0 without it. Estimated. */
  decoding: number;
  /** What every way of capturing would keep. */
  ways: CapturePlan;
  /** About the most that is held at once. */
  peak: number;
}

export type PlannedCapture = PriorCapture & { plan: string };

export interface PlanOptions {
  /** Further selections from the same pass. */
  others?: readonly PriorConfig[];
  /** Whether the next clip is encoded beside the passes. */
  ahead?: boolean;
}

/** @throws UserError for what is no checkpoint of a known family, or a size that its model cannot take */
export function planPrior(
  dir: string,
  config: PriorConfig,
  { device, dtype }: { device: string; dtype: DType },
  { others = [], ahead = false }: PlanOptions = {},
): PriorPlan {
  for (const one of [config, ...others]) checkOptions(one);
  const model = videoDiffusionFamily(dir).plan(dir, config, dtype);
  const { grid, vae, encoding, decoding } = model;
  // The difference of the latents needs the video's encoder alone.
  const [textEncoder, transformer] = fromAttention(config) ? [model.textEncoder, model.transformer] : [0, 0];
  const weights = transformer + vae;
  const beside = ahead ? encoding : 0;
  const needsOf = (one: PriorConfig) => captureNeeds({ attention: model.attention, device, dtype }, grid, one);
  const capturing = { attention: model.attention, device, dtype };
  const { planned, captures } = planCaptures(
    [config, ...others].map((one) => ({
      identity: captureIdentity(one),
      needs: fromAttention(one) && wantsStatistics(one) ? needsOf(one) : null,
      words: fromAttention(one) ? wordBytes(capturing, grid, one) : 0,
    })),
    {
      taken: weights + beside,
    },
  );
  const passes = fromAttention(config)
    ? passBytes(model.attention.heads * model.attention.headDim, grid, bytesPerElement(dtype))
    : 0;
  const { height, width } = config;
  return {
    frameRule: model.frameRule,
    device,
    dtype,
    total: device.startsWith('cuda') ? deviceInfo(Number(device.split(':')[1] ?? 0)).total : totalmem(),
    clip: { frames: model.frames, height, width, textTokens: grid.textTokens, videoTokens: videoTokens(grid) },
    ...{ textEncoder, transformer, vae, encoding, tile: model.tile, passes, captures, decoding },
    capture: planned[0]!,
    others: planned.slice(1),
    ways: planCapture({ ...needsOf(config), taken: weights + beside }),
    peak: Math.max(textEncoder, weights + Math.max(encoding, decoding, passes + captures + beside)),
  };
}

interface WantedCapture {
  identity: string;
  /** Of the statistics of MHS; null where they are not wanted. */
  needs: CaptureNeeds | null;
  /** Bytes of the words' maps and of what spreads them, where these are captured apart. */
  words: number;
}

const withStatistics = (needs: CaptureNeeds, taken: number): PlannedCapture => {
  const { chosen, plan } = waysOfCapture({ ...needs, taken });
  return { ...chosen, plan };
};

const wordsAlone = (bytes: number): PlannedCapture => ({
  ...{ squareSum: 'none', fused: false, bytes },
  plan: bytes > 0 ? `words' maps alone, ${gibibytes(bytes)}` : 'none',
});

/** The capture of each of the options, in turn; those that want the same of the pass share one. */
function planCaptures(
  wanted: readonly WantedCapture[],
  { taken }: { taken: number },
): { planned: PlannedCapture[]; captures: number } {
  const byIdentity = new Map<string, PlannedCapture>();
  let captures = 0;
  const planned = wanted.map(({ identity, needs, words }) => {
    const known = byIdentity.get(identity);
    if (known) return known;
    const capture = needs ? withStatistics(needs, taken + captures + words) : wordsAlone(words);
    captures += needs ? capture.bytes + words : words;
    byIdentity.set(identity, capture);
    return capture;
  });
  return { planned, captures };
}

/**
 * The options as they will be carried out: where `auto` can only sample, the prior's key must say so, for its numbers
 * are others than exact ones.
 */
export const settled = (config: PriorConfig, capture: Pick<PriorCapture, 'squareSum'>): PriorConfig =>
  config.squareSum === 'auto' && capture.squareSum === 'sampled' ? { ...config, squareSum: 'sampled' } : config;

/** The plan as a few lines for people. */
export function priorPlanText(plan: PriorPlan): string[] {
  const { clip, capture, ways, tile } = plan;
  const others = (['accumulate', 'replay', 'sampled'] as const)
    .filter((way) => capture.fused || way !== capture.squareSum)
    .map((way) => `${way} ${gibibytes(ways[way])}`);
  const byOperators = capture.squareSum === 'none' ? '' : `; by plain operators: ${others.join(', ')}`;
  const rows: [string, string][] = [
    ['text encoder, alone, then freed', gibibytes(plan.textEncoder)],
    ['transformer and VAE', gibibytes(plan.transformer + plan.vae)],
    [`encoding a clip, about${tile ? `, in tiles of ${tile.height} × ${tile.width}` : ''}`, gibibytes(plan.encoding)],
    ['a pass, about', gibibytes(plan.passes)],
    ...(plan.decoding > 0 ? [['decoding for the strip, about', gibibytes(plan.decoding)] as [string, string]] : []),
    ['capture', `${capture.plan}${byOperators}`],
    ...(plan.captures > capture.bytes
      ? [['captures of all selections', gibibytes(plan.captures)] as [string, string]]
      : []),
    ['at most, about', `${gibibytes(plan.peak)} of ${gibibytes(plan.total)}`],
  ];
  const name = Math.max(...rows.map(([label]) => label.length));
  return [
    `memory on ${plan.device}, ${plan.dtype}, at ${clip.frames} frames of ${clip.height} × ${clip.width} (${clip.textTokens} + ${clip.videoTokens} tokens):`,
    ...rows.map(([label, text]) => `  ${label.padEnd(name)}  ${text}`),
  ];
}
