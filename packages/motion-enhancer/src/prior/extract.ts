import { cat, Generator, noGrad, randn, scope, scopeAsync, type Tensor } from '@motion-enhancer/libtorch';
import { type Posterior, samplePosterior, tokenGrid } from '@motion-enhancer/models';
import { expected, UserError } from '@motion-enhancer/support';
import { clipOfFrames, framesTensor } from '../data/clip.js';
import type { VideoFrames } from '../data/video/index.js';
import type { Capture, HeadMaps } from './capture/capture.js';
import { type CaptureNeeds, chooseCapture } from './capture/choose-capture.js';
import { maskOf } from './capture/mask.js';
import type { PriorConfig } from './config.js';
import { isX, type Row } from './diffusion/step-rows.js';
import { invert, type OnStep, reconstruct, type StepAttention } from './diffusion/trajectory.js';
import { tileOf } from './diffusion/vae-tile.js';
import type { Vdm } from './diffusion/vdm.js';
import { pixelFramesOf, type TokenGrid } from './grid.js';
import { type Selection, select } from './selection/select.js';
import { tokensAsWords } from './selection/tokens.js';
import type { PriorCapture } from './store/prior.js';
import { stripOf } from './strip.js';

export type Stage = 'encode' | 'invert' | 'reconstruct' | 'select';
export type OnProgress = (stage: Stage, done: number, total: number) => void;

export interface Extraction extends Selection {
  /** How Σ A² was had. */
  capture: PriorCapture;
  /** With `keepStrip`: the inverted noise and the reconstruction as small pictures, uint8 [2, F, h, w, 3]. */
  strip_SFHWC: Tensor | null;
  /** Further selections that were asked for of the same pass, in order. */
  others: (Selection & { capture: PriorCapture })[];
  grid: TokenGrid;
  /** First and last pixel frame of each token frame, indices among the frames that the model saw. */
  pixelFrames: [number, number][];
}

export interface ExtractOptions {
  onProgress?: OnProgress;
  /** Further selections from the same diffusion pass: `config` with other values of SELECTION_FIELDS. */
  others?: readonly PriorConfig[];
  /** Of the same frames and options, where they were encoded before; they stay the caller's. */
  latents?: Latents;
  /** Called while the device has the reconstruction before it: a good time to queue work of the next clip. */
  between?: () => void;
}

/**
 * Frames and text to a prior (docs/method.md 1–3). Tensors of the result belong to the caller's care.
 * Between stages the event loop gets a turn, so that signals and timers are heard.
 */
export async function extract(
  vdm: Vdm,
  frames: VideoFrames,
  text: string,
  config: PriorConfig,
  { onProgress = () => {}, others = [], latents, between }: ExtractOptions = {},
): Promise<Extraction> {
  return scopeAsync(async (s) => {
    const inference = <T>(body: () => T): T => s.run(() => noGrad(body));
    onProgress('encode', 0, 1);
    const { x0, padded } = latents ?? inference(() => encodeVideo(vdm, frames, config));
    await breath();
    const conditioning = inference(() => {
      vdm.texts.encode([text, '']);
      return { text: vdm.texts.get(text), empty: vdm.texts.get('').embedding };
    });
    const words = conditioning.text.words;
    if (words.length === 0) {
      throw new UserError(
        `Expected at least one word for text but received ${JSON.stringify(text)}. A prior is made for words.`,
        { code: 'ERR_TEXT' },
      );
    }
    const [, flat, , h, w] = x0.shape as [number, number, number, number, number];
    const { frames: F, height, width } = tokenGrid(vdm.transformer.config, flat, h, w);
    const grid: TokenGrid = { frames: F, height, width, textTokens: conditioning.empty.size(1) };
    const { encoding } = conditioning.text;
    const asTokens = tokensAsWords(text, encoding, words);
    const configs = [config, ...others];
    const passes: PassOptions = {
      onProgress,
      textRows: [...new Set(words.flatMap((word) => word.tokens))].sort((a, b) => a - b),
    };
    const both = { text: conditioning.text.embedding, empty: conditioning.empty };
    const trajectory = inference(() =>
      invert(vdm.transformer, vdm.schedule, x0, both.empty, config.steps, inverting(onProgress)),
    );
    await breath();
    between?.();
    const { captured, outcome } = inference(() => capturedMaps(vdm, x0, trajectory, both, grid, configs, passes));
    await breath();
    const pixelFrames = pixelFramesOf(
      F,
      vdm.transformer.config.patchSizeT ?? 1,
      padded,
      vdm.vae.config.temporalCompression,
    );
    const strip_SFHWC = outcome && inference(() => stripOf(vdm, outcome, padded, pixelFrames, config));
    onProgress('select', 0, 1);
    const [selection, ...rest] = inference(() =>
      configs.map((one, i) => {
        const { maps, chosen } = captured[i]!;
        return { ...select(maps, one.subWords ? asTokens : words, one), capture: withError(chosen, maps) };
      }),
    );
    return {
      ...selection!,
      others: rest,
      strip_SFHWC,
      grid,
      pixelFrames,
    };
  });
}

/** Adds how exact sampled denominators are. */
function withError(chosen: PriorCapture, { masked }: HeadMaps): PriorCapture {
  if (!masked?.error_H) return chosen;
  return { ...chosen, relativeError: masked.error_H.div(masked.outside_H).toArray() };
}

/** The VAE halves frames (three times in CogVideoX), then patches are cut. @throws UserError for another height or width */
export function checkSize({ patchSize }: { patchSize: number }, config: PriorConfig, halvings = 8): void {
  const factor = halvings * patchSize;
  for (const name of ['height', 'width'] as const) {
    if (config[name] % factor !== 0)
      throw expected(`a multiple of ${factor}`, name, config[name], 'Frames are resized to it.');
  }
}

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const inverting =
  (onProgress: OnProgress): OnStep =>
  (done, total) =>
    onProgress('invert', done, total);

/** What of a clip the diffusion passes start from. */
export interface Latents {
  /** [1, Flat, C, h, w] in the transformer's dtype */
  x0: Tensor;
  /** How many copies of latent 0 stand in front. */
  padded: number;
}

/** Resizes and encodes the frames; the result belongs to the caller's scope. */
export function encodeVideo(
  vdm: Pick<Vdm, 'vae' | 'transformer' | 'dtype' | 'device'>,
  frames: VideoFrames,
  config: PriorConfig,
): Latents {
  checkSize(vdm.transformer.config, config, vdm.vae.config.spatialCompression);
  return scope(() => {
    const { height, width } = config;
    const clip = clipOfFrames(framesTensor(frames).to(vdm.device), height, width).to(vdm.dtype);
    const size = { frames: frames.indices.length, height, width };
    const posterior = vdm.vae.encode(clip, tileOf(vdm, 'encode', size, config));
    const latent = config.posterior === 'sample' ? sampled(posterior, 2 * config.seed + 1) : posterior.mean;
    // [1, C, Flat, h, w] → [1, Flat, C, h, w]
    const x0 = latent.mul(vdm.vae.config.scalingFactor).permute(0, 2, 1, 3, 4).contiguous();
    const patchT = vdm.transformer.config.patchSizeT ?? 1;
    const extra = (patchT - (x0.size(1) % patchT)) % patchT;
    const copies = Array.from({ length: extra }, () => x0.narrow(1, 0, 1));
    return { x0: extra > 0 ? cat([...copies, x0], 1) : x0, padded: extra };
  });
}

// The start takes the even seeds, the posterior the odd ones: no two runs share noise by accident.

function seededNoise(shape: readonly number[], seed: number, like: Tensor): Tensor {
  return withGenerator(seed, (generator) => scope(() => randn(shape, { generator }).to(like.dtype, like.device)));
}

function sampled(posterior: Posterior, seed: number): Tensor {
  return withGenerator(seed, (generator) => samplePosterior(posterior, generator));
}

function withGenerator<T>(seed: number, body: (generator: Generator) => T): T {
  const generator = new Generator(seed);
  try {
    return body(generator);
  } finally {
    generator.dispose();
  }
}

export interface Captured {
  maps: HeadMaps;
  chosen: PriorCapture;
}

/** One capture that serves all options which want the same of the pass. */
interface Collector {
  config: PriorConfig;
  /** The first step that is captured. */
  from: number;
  capture: Capture;
  chosen: PriorCapture;
}

export interface PassOptions {
  onProgress?: OnProgress;
  /** Tokens whose rows are wanted (all by default); kept apart only where there are thousands of units. */
  textRows?: readonly number[];
}

/** The two ends of a pass, [1, Flat, C, h, w]: the latents after the inversion, and after the reconstruction. */
export interface Outcome {
  inverted: Tensor;
  x: Tensor;
}

/**
 * The reconstruction, once, under the captures that the options want of it.
 * @param trajectory of `invert`
 * @param configs alike in all but what is captured and selected
 * @returns what each of `configs` is selected from, in order; the outcome where `keepStrip` wants it
 */
export function capturedMaps(
  vdm: Pick<Vdm, 'transformer' | 'schedule'>,
  x0: Tensor,
  trajectory: readonly Tensor[],
  conditioning: { text: Tensor; empty: Tensor },
  grid: TokenGrid,
  configs: readonly PriorConfig[],
  { onProgress = () => {}, textRows }: PassOptions = {},
): { captured: Captured[]; outcome: Outcome | null } {
  const { transformer, schedule } = vdm;
  const config = configs[0]!;
  const collectors = new Map<string, Collector>();
  try {
    for (const one of configs) {
      const wanted = captureIdentity(one);
      if (!collectors.has(wanted)) collectors.set(wanted, startCollector(transformer, grid, one, textRows));
    }
    return scope(() => {
      const start = config.init === 'inverted' ? trajectory.at(-1)! : seededNoise(x0.shape, 2 * config.seed, x0);
      const at = (step: number) => [...collectors.values()].filter(({ from }) => step >= from);
      const states = reconstruct(transformer, schedule, trajectory, conditioning, {
        steps: config.steps,
        guidance: config.guidance,
        start,
        capture: (attention) => {
          for (const collector of at(attention.step)) captureRow(collector.capture, attention, collector.config);
        },
        captured: (step) => [...new Set(at(step).map((collector) => capturedRow(collector.config)))],
        outcome: config.keepStrip,
        onStep: (done, total) => onProgress('reconstruct', done, total),
      });
      const finished = new Map(
        [...collectors].map(([key, { capture, chosen }]) => [key, { maps: capture.finish(), chosen }]),
      );
      return {
        captured: configs.map((one) => finished.get(captureIdentity(one))!),
        outcome: config.keepStrip ? { inverted: trajectory.at(-1)!, x: states.at(-1)! } : null,
      };
    });
  } finally {
    for (const { capture } of collectors.values()) capture.dispose();
  }
}

/** Equal for options that can be selected from the same capture. */
export function captureIdentity(o: PriorConfig): string {
  const { stream, half, keys, stepsUsed, unit, squareSum, sampleRows, mask, maskWidth, maskShare, maskSelf } = o;
  return JSON.stringify([
    stream,
    half,
    keys,
    stepsUsed,
    unit,
    squareSum,
    sampleRows,
    mask,
    maskWidth,
    maskShare,
    maskSelf,
  ]);
}

function startCollector(
  transformer: Vdm['transformer'],
  grid: TokenGrid,
  config: PriorConfig,
  textRows: readonly number[] | undefined,
): Collector {
  const { steps, needs } = captureNeeds(transformer, grid, config, textRows);
  const { capture, chosen, plan } = chooseCapture(needs);
  if (transformer.device !== 'cpu' || chosen.squareSum === 'sampled') sayOnce(`capture: ${plan}`);
  return { config, from: config.steps - steps, capture, chosen };
}

/** What a capture of these options must hold, and of how many steps. */
export function captureNeeds(
  transformer: Pick<Vdm['transformer'], 'config' | 'device' | 'dtype'>,
  grid: TokenGrid,
  config: PriorConfig,
  textRows?: readonly number[],
): { steps: number; needs: CaptureNeeds } {
  const { numLayers, numAttentionHeads, attentionHeadDim } = transformer.config;
  const steps = config.stepsUsed > 0 ? Math.min(config.stepsUsed, config.steps) : config.steps;
  const alone = config.unit === 'layer-head';
  return {
    steps,
    needs: {
      heads: numAttentionHeads,
      headDim: attentionHeadDim,
      grid,
      passes: steps * numLayers,
      device: transformer.device,
      dtype: transformer.dtype,
      squareSum: config.squareSum,
      sampleRows: config.sampleRows,
      sampleSeed: 2 * config.seed,
      mask: maskOf(config, grid),
      ...(alone ? { groups: numLayers, ...(textRows ? { textRows } : {}) } : {}),
    },
  };
}

const said = new Set<string>();

/** A line on stderr, once a process however many clips there are. */
function sayOnce(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  process.stderr.write(`${line}\n`);
}

/** The row of the batch that the options name. */
export const capturedRow = (config: Pick<PriorConfig, 'stream' | 'half'>): Row =>
  ((config.stream === 'x' ? 0 : 2) + (config.half === 'positive' ? 1 : 0)) as Row;

/** Adds that row. */
export function captureRow(
  capture: Capture,
  attention: StepAttention,
  config: Pick<PriorConfig, 'stream' | 'half' | 'keys'> & Partial<Pick<PriorConfig, 'unit'>>,
): void {
  const row = capturedRow(config);
  const own = attention.ownLse(row).select(0, 0);
  // The reference stream has no joint keys: it attends to its own only.
  const lse = config.keys === 'joint' && isX(row) ? attention.jointLse(row).select(0, 0) : own;
  capture.add(attention.q(row), attention.k(row), own, lse, config.unit === 'layer-head' ? attention.layer : 0);
}
