import { byReliability } from '../check-options.js';
import type { PriorConfig } from '../config.js';
import type { StepAttention } from '../diffusion/trajectory.js';
import type { Denoiser } from '../diffusion/video-diffusion.js';
import type { TokenGrid } from '../grid.js';
import { sayOnce } from '../say-once.js';
import type { PriorCapture } from '../store/prior.js';
import { captureNeeds, stepsCaptured } from './capture-needs.js';
import { capturedStream, captureGroup, captureStream } from './capture-stream.js';
import type { Capture } from './capture-types.js';
import type { Captured } from './captured.js';
import { chooseCapture } from './choose-capture.js';
import { SpreadCapture, spreadBytes } from './spread-capture.js';
import { spreadLayers } from './spread-layers.js';
import { directionsOf, wantsStatistics, wantsWordCapture } from './wanted.js';
import { WordCapture, type WordCaptureOptions, wordCaptureBytes } from './word-capture.js';

export interface CollectorOptions {
  config: PriorConfig;
  /** Tokens whose rows are wanted (all by default); kept apart only where there are thousands of units. */
  textRows?: readonly number[] | undefined;
  /** Clips side by side (default 1). */
  clips?: number;
}

type Model = Pick<Denoiser, 'attention' | 'device' | 'dtype'>;

/** All that options which want the same of a pass are selected from. */
export class Collector {
  readonly config: PriorConfig;
  /** The first step that is captured. */
  readonly from: number;
  readonly #grid: TokenGrid;
  readonly #layers: number;
  readonly #textRows: readonly number[] | undefined;
  readonly #statistics: Capture | null = null;
  readonly #words: WordCapture | null = null;
  readonly #spread: SpreadCapture | null = null;
  readonly #spreadLayers: readonly number[];
  readonly #chosen: PriorCapture;

  constructor(model: Model, grid: TokenGrid, { config, textRows, clips = 1 }: CollectorOptions) {
    const { layers, heads } = model.attention;
    const needs = { ...captureNeeds(model, grid, config, textRows), clips };
    this.config = config;
    this.from = config.mode === 'invert' ? config.steps - stepsCaptured(config) : 0;
    this.#grid = grid;
    this.#layers = needs.groups ?? 1;
    this.#textRows = needs.textRows;
    this.#spreadLayers = spreadLayers(config, layers);
    const none = { squareSum: 'none', fused: false, bytes: wordBytes(model, grid, config, textRows) } as const;
    if (wantsStatistics(config)) {
      const { capture, chosen, plan } = chooseCapture(needs);
      if (model.device !== 'cpu' || chosen.squareSum === 'sampled') sayOnce(`capture: ${plan}`);
      this.#statistics = capture;
      this.#chosen = chosen;
    } else this.#chosen = none;
    if (wantsWordCapture(config))
      this.#words = new WordCapture(heads, grid, { ...wordOptions(model, config, textRows), clips });
    if (this.#spreadLayers.length > 0) this.#spread = new SpreadCapture(grid);
  }

  add(attention: StepAttention): void {
    const { config } = this;
    if (this.#statistics) captureStream(this.#statistics, attention, config);
    const seen = attention.of(capturedStream(config), config.keys);
    this.#words?.add(seen, captureGroup(config, attention), attention.step);
    if (this.#spreadLayers.includes(attention.layer)) this.#spread?.add(seen);
  }

  /** What each clip's selections are from; it belongs to the caller's scope. Call it once. */
  finish(): Captured[] {
    const statistics = this.#statistics?.finish() ?? null;
    const byClip = this.#words?.finish() ?? null;
    const spread = this.#spread?.finish() ?? [];
    return Array.from({ length: byClip?.length ?? statistics!.length }, (_, clip) => {
      const maps = statistics?.[clip] ?? null;
      const words = byClip?.[clip] ?? { 'text-to-video': { maps_HTS: maps!.textToVideo_HTS, agreement_HT: null } };
      return {
        ...{ grid: this.#grid, words, maps, spread, clip, chosen: this.#chosen },
        ...(this.#textRows ? { textRows: this.#textRows } : {}),
        ...(this.#layers > 1 ? { layers: this.#layers } : {}),
      };
    });
  }

  dispose(): void {
    for (const part of [this.#statistics, this.#words, this.#spread]) part?.dispose();
  }
}

/** What `WordCapture` is told by the options. */
function wordOptions(
  { attention, device, dtype }: Model,
  config: PriorConfig,
  textRows: readonly number[] | undefined,
): WordCaptureOptions {
  const alone = config.unit === 'layer-head';
  return {
    ...{ device, dtype, directions: directionsOf(config), agreement: byReliability(config) },
    ...(alone ? { groups: attention.layers, ...(textRows ? { textRows } : {}) } : {}),
  };
}

/** Bytes that the words' maps and what spreads them take, beside the statistics of MHS. */
export function wordBytes(model: Model, grid: TokenGrid, config: PriorConfig, textRows?: readonly number[]): number {
  const { layers, heads, headDim } = model.attention;
  const words = wantsWordCapture(config) ? wordCaptureBytes(heads, grid, wordOptions(model, config, textRows)) : 0;
  const passes = stepsCaptured(config) * spreadLayers(config, layers).length;
  return words + spreadBytes(passes, heads, headDim, grid, model.dtype);
}
