import { expected } from '@motion-enhancer/support';
import type { PriorConfig } from '../config.js';

/** The layers whose video → video attention spreads maps. @throws UserError `ERR_VALUE` for a layer that the model lacks */
export function spreadLayers({ spread, spreadLayer }: Pick<PriorConfig, 'spread' | 'spreadLayer'>, layers: number) {
  if (spread === 0) return [];
  if (spreadLayer === 'all') return Array.from({ length: layers }, (_, layer) => layer);
  const layer = spreadLayer === 'middle' ? Math.floor(layers / 2) : Number(spreadLayer);
  if (Number.isInteger(layer) && layer >= 0 && layer < layers) return [layer];
  throw expected(`middle, all, or a number from 0 to ${layers - 1}`, 'spreadLayer', spreadLayer);
}
