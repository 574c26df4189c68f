import { totalmem } from 'node:os';
import { type DType, deviceInfo } from '@motion-enhancer/libtorch';
import {
  openCheckpoint,
  pipelineFolders,
  readCogVideoXConfig,
  readVaeConfig,
  tilesUnder,
  tokenGrid,
  vaeBytes,
} from '@motion-enhancer/models';
import { type CapturePlan, gibibytes, passBytes, planCapture, waysOfCapture } from './capture/choose-capture.js';
import type { PriorConfig } from './config.js';
import { bytesOfNumber } from './diffusion/vae-tile.js';
import { captureIdentity, captureNeeds, checkSize } from './extract.js';
import { chooseClipFrames } from './grid.js';
import type { PriorCapture } from './store/prior.js';

/** What a run needs in memory, in bytes, from the checkpoint's headers alone: nothing of it is loaded. */
export interface PriorPlan {
  /** Pixel frames of a latent frame. */
  perLatent: number;
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
  /** Latent pixels of a tile, where `vaeMemory` asks for tiles. */
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

/** @throws UserError for what is no CogVideoX checkpoint */
export function planPrior(
  dir: string,
  config: PriorConfig,
  run: { device: string; dtype: DType },
  { others = [], ahead = false }: PlanOptions = {},
): PriorPlan {
  const { device, dtype } = run;
  const folders = pipelineFolders(dir);
  const part = (folder: string) => readPart(folder, dtype);
  const [transformer, vae, textEncoder] = [
    part(folders.transformer),
    part(folders.vae),
    part(folders.textEncoder),
  ] as const;
  const model = readCogVideoXConfig(transformer.config, transformer.file);
  const coder = readVaeConfig(vae.config, vae.file);
  checkSize(model, config, coder.spatialCompression);
  const perLatent = coder.temporalCompression;
  const frames = chooseClipFrames(config.frames, config.frames, config.oddLatents === 'drop-frames', perLatent).length;
  const { height, width } = config;
  const size = { frames, height, width };
  const scale = coder.spatialCompression;
  const flat = (frames - 1) / perLatent + 1;
  const grid = { ...tokenGrid(model, flat, height / scale, width / scale), textTokens: model.maxTextSeqLength };
  // The decoder is loaded only for the strip.
  const vaeWeights = config.keepStrip ? vae.bytes : vae.bytesOf((name) => name.startsWith('encoder.'));
  const wide = bytesOfNumber(dtype);
  const tiles = (way: 'encode' | 'decode') =>
    config.vaeMemory > 0 ? tilesUnder(coder, way, size, wide, config.vaeMemory * 2 ** 30) : null;
  const coding = (way: 'encode' | 'decode') => {
    const tile = tiles(way);
    const coded = tile ? { frames, height: tile.height * scale, width: tile.width * scale } : size;
    return vaeBytes(coder, way, coded, wide);
  };
  const encoding = coding('encode');
  const decoding = config.keepStrip ? coding('decode') : 0;
  const beside = ahead ? encoding : 0;
  const weights = transformer.bytes + vaeWeights;
  const needsOf = (one: PriorConfig) => captureNeeds({ config: model, device, dtype }, grid, one).needs;
  const planned = new Map<string, PlannedCapture>();
  let captures = 0;
  const inTurn = [config, ...others].map((one) => {
    const identity = captureIdentity(one);
    const known = planned.get(identity);
    if (known) return known;
    const { chosen, plan } = waysOfCapture({ ...needsOf(one), taken: weights + beside + captures });
    captures += chosen.bytes;
    const capture = { ...chosen, plan };
    planned.set(identity, capture);
    return capture;
  });
  const passes = passBytes(model.width, grid, wide);
  return {
    perLatent,
    device,
    dtype,
    total: device.startsWith('cuda') ? deviceInfo(Number(device.split(':')[1] ?? 0)).total : totalmem(),
    clip: { ...size, textTokens: grid.textTokens, videoTokens: grid.frames * grid.height * grid.width },
    textEncoder: textEncoder.bytes,
    transformer: transformer.bytes,
    vae: vaeWeights,
    encoding,
    tile: tiles('encode'),
    passes,
    capture: inTurn[0]!,
    others: inTurn.slice(1),
    captures,
    decoding,
    ways: planCapture({ ...needsOf(config), taken: weights + beside }),
    peak: Math.max(textEncoder.bytes, weights + Math.max(encoding, decoding, passes + captures + beside)),
  };
}

/** Numbers in a checkpoint folder's headers, as bytes of a dtype. */
function readPart(folder: string, dtype: DType) {
  const checkpoint = openCheckpoint(folder);
  try {
    const count = (name: string) => checkpoint.info(name).shape.reduce((a, b) => a * b, 1);
    const sizes = checkpoint.names.map((name) => [name, count(name) * bytesOfNumber(dtype)] as const);
    const bytesOf = (wanted: (name: string) => boolean) =>
      sizes.reduce((sum, [name, bytes]) => sum + (wanted(name) ? bytes : 0), 0);
    return { config: checkpoint.config, file: checkpoint.configFile, bytes: bytesOf(() => true), bytesOf };
  } finally {
    checkpoint.close();
  }
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
  const rows: [string, string][] = [
    ['text encoder, alone, then freed', gibibytes(plan.textEncoder)],
    ['transformer and VAE', gibibytes(plan.transformer + plan.vae)],
    [
      `encoding a clip, about${tile ? `, in tiles of ${8 * tile.height} × ${8 * tile.width}` : ''}`,
      gibibytes(plan.encoding),
    ],
    ['a pass, about', gibibytes(plan.passes)],
    ...(plan.decoding > 0 ? [['decoding for the strip, about', gibibytes(plan.decoding)] as [string, string]] : []),
    ['capture', `${capture.plan}; by plain operators: ${others.join(', ')}`],
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
