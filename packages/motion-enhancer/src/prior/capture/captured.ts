import type { TokenGrid } from '../grid.js';
import type { PriorCapture } from '../store/prior.js';
import type { HeadMaps } from './head-maps.js';
import type { SpreadPass } from './spread-capture.js';
import type { WordMapsByDirection } from './word-capture.js';

/** What of one clip's attention heads and words are selected from. */
export interface UnitMaps {
  grid: TokenGrid;
  /** Of the directions that are wanted. */
  words: WordMapsByDirection;
  /** The text tokens whose maps there are; all of them unless told. */
  textRows?: readonly number[];
  /** How many layers the heads are of, if each (layer, head) stands alone. */
  layers?: number;
  /** What MHS needs, where it was captured. */
  maps: HeadMaps | null;
  /** What carries maps from place to place; none unless the options ask for it. */
  spread: readonly SpreadPass[];
  /** The clip's place in `spread`. */
  clip: number;
}

/** What one of the options is selected from. */
export interface Captured extends UnitMaps {
  chosen: PriorCapture;
}
