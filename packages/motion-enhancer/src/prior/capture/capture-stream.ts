import type { PriorConfig } from '../config.js';
import type { StreamAttention } from '../diffusion/cross-stream.js';
import type { Stream } from '../diffusion/streams.js';
import type { Capture } from './capture-types.js';

/** The stream of the batch that the options name. */
export const capturedStream = (config: Pick<PriorConfig, 'stream' | 'half'>): Stream =>
  ((config.stream === 'x' ? 0 : 2) + (config.half === 'positive' ? 1 : 0)) as Stream;

/** Adds that stream's attention of a layer. */
export function captureStream(
  capture: Pick<Capture, 'add'>,
  attention: StreamAttention,
  config: Pick<PriorConfig, 'stream' | 'half' | 'keys'> & Partial<Pick<PriorConfig, 'unit'>>,
): void {
  const group = config.unit === 'layer-head' ? attention.layer : 0;
  capture.add(attention.of(capturedStream(config), config.keys), group);
}
