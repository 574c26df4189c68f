import type { PriorConfig } from '../config.js';
import type { Stream } from '../diffusion/streams.js';
import type { StepAttention } from '../diffusion/trajectory.js';
import type { Denoiser } from '../diffusion/video-diffusion.js';
import type { TokenGrid } from '../grid.js';
import { sayOnce } from '../say-once.js';
import type { PriorCapture } from '../store/prior.js';
import { captureIdentity } from './capture-identity.js';
import { captureNeeds, stepsCaptured } from './capture-needs.js';
import { capturedStream, captureStream } from './capture-stream.js';
import type { Capture } from './capture-types.js';
import { chooseCapture } from './choose-capture.js';
import type { HeadMaps } from './head-maps.js';

/** What one of the options is selected from. */
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

/** The captures that a pass runs under: one for all options which want the same of it. */
export class Collectors {
  readonly #byIdentity = new Map<string, Collector>();

  /** Starts a capture for these options, unless one is there that serves them too. */
  start(
    model: Pick<Denoiser, 'attention' | 'device' | 'dtype'>,
    grid: TokenGrid,
    config: PriorConfig,
    textRows?: readonly number[],
  ): void {
    const identity = captureIdentity(config);
    if (this.#byIdentity.has(identity)) return;
    const { capture, chosen, plan } = chooseCapture(captureNeeds(model, grid, config, textRows));
    if (model.device !== 'cpu' || chosen.squareSum === 'sampled') sayOnce(`capture: ${plan}`);
    this.#byIdentity.set(identity, { config, from: config.steps - stepsCaptured(config), capture, chosen });
  }

  #at(step: number): Collector[] {
    return [...this.#byIdentity.values()].filter(({ from }) => step >= from);
  }

  /** The streams that are read of a step. */
  streams(step: number): Stream[] {
    return [...new Set(this.#at(step).map(({ config }) => capturedStream(config)))];
  }

  add(attention: StepAttention): void {
    for (const { capture, config } of this.#at(attention.step)) captureStream(capture, attention, config);
  }

  /** What each of `configs` is selected from, in order; call it once. */
  finish(configs: readonly PriorConfig[]): Captured[] {
    const finished = new Map(
      [...this.#byIdentity].map(([identity, { capture, chosen }]) => [
        identity,
        { maps: capture.finish()[0]!, chosen },
      ]),
    );
    return configs.map((config) => finished.get(captureIdentity(config))!);
  }

  dispose(): void {
    for (const { capture } of this.#byIdentity.values()) capture.dispose();
  }
}
