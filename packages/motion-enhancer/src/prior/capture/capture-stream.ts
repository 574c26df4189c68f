import type { PriorConfig } from '../config.js';
import type { StreamAttention } from '../diffusion/cross-stream.js';
import { RENOISED } from '../diffusion/renoise.js';
import type { Stream } from '../diffusion/streams.js';
import type { Capture } from './capture-types.js';

/** The stream of the batch that the options name; a single pass has one. */
export const capturedStream = (
  config: Pick<PriorConfig, 'stream' | 'half'> & Partial<Pick<PriorConfig, 'mode'>>,
): Stream =>
  config.mode === 'renoise'
    ? RENOISED
    : (((config.stream === 'x' ? 0 : 2) + (config.half === 'positive' ? 1 : 0)) as Stream);

/** Adds that stream's attention of a layer. */
export function captureStream(
  capture: Pick<Capture, 'add'>,
  attention: StreamAttention,
  config: Pick<PriorConfig, 'stream' | 'half' | 'keys'> & Partial<Pick<PriorConfig, 'unit' | 'mode'>>,
): void {
  capture.add(attention.of(capturedStream(config), config.keys), captureGroup(config, attention));
}

/** The group of passes that a layer's attention belongs to. */
export const captureGroup = ({ unit }: Partial<Pick<PriorConfig, 'unit'>>, { layer }: { layer: number }): number =>
  unit === 'layer-head' ? layer : 0;
