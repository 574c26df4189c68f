import type { PriorConfig } from '../config.js';
import type { Stream } from '../diffusion/streams.js';
import type { StepAttention } from '../diffusion/trajectory.js';
import type { Denoiser } from '../diffusion/video-diffusion.js';
import type { TokenGrid } from '../grid.js';
import { captureIdentity } from './capture-identity.js';
import { capturedStream } from './capture-stream.js';
import type { Captured } from './captured.js';
import { Collector, type CollectorOptions } from './collector.js';

/** The captures that a pass runs under: one for all options which want the same of it. */
export class Collectors {
  readonly #byIdentity = new Map<string, Collector>();

  /** Starts a capture for these options, unless one is there that serves them too. */
  start(
    model: Pick<Denoiser, 'attention' | 'device' | 'dtype'>,
    grid: TokenGrid,
    config: PriorConfig,
    o: Omit<CollectorOptions, 'config'> = {},
  ): void {
    const identity = captureIdentity(config);
    if (!this.#byIdentity.has(identity)) this.#byIdentity.set(identity, new Collector(model, grid, { ...o, config }));
  }

  #at(step: number): Collector[] {
    return [...this.#byIdentity.values()].filter(({ from }) => step >= from);
  }

  /** The streams that are read of a step. */
  streams(step: number): Stream[] {
    return [...new Set(this.#at(step).map(({ config }) => capturedStream(config)))];
  }

  add(attention: StepAttention): void {
    for (const collector of this.#at(attention.step)) collector.add(attention);
  }

  /** What each of `configs` is selected from, in order, of each clip; call it once. */
  finish(configs: readonly PriorConfig[]): Captured[][] {
    const finished = new Map([...this.#byIdentity].map(([identity, collector]) => [identity, collector.finish()]));
    return configs.map((config) => finished.get(captureIdentity(config))!);
  }

  dispose(): void {
    for (const collector of this.#byIdentity.values()) collector.dispose();
  }
}
