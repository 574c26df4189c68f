import { scope, stack, zeros } from '@motion-enhancer/libtorch';
import { wordSpans } from '@motion-enhancer/models';
import type { PriorConfig } from './config.js';
import type { Latents, VideoDiffusion } from './diffusion/video-diffusion.js';
import { clipDifference } from './selection/clip-difference.js';
import type { Selection } from './selection/select.js';
import { motionSaliency } from './selection/tokens.js';
import type { PriorCapture } from './store/prior.js';

/**
 * A prior without a diffusion pass, as a baseline: every word's map is how much the latents change from frame to frame,
 * as they are or after the best shift and zoom of each frame. No head is chosen, and no word left out.
 */
export function differencePrior(
  vdm: Pick<VideoDiffusion, 'grid' | 'latentFrames'>,
  { x0 }: Latents,
  text: string,
  { mode }: Pick<PriorConfig, 'mode'>,
): Selection & { capture: PriorCapture } {
  return scope(() => {
    const grid = vdm.grid(x0, zeros([1, 0, 1]));
    const map_FHW = clipDifference(vdm.latentFrames(x0).select(0, 0), grid, mode === 'difference-shifted');
    const spans = wordSpans(text);
    const rows_WFHW = stack(spans.map(() => map_FHW));
    const { ms, z } = motionSaliency(rows_WFHW.flatten(1), grid.frames);
    return {
      heads: [],
      words: spans.map(([start, end], i) => ({
        text: text.slice(start, end),
        start,
        end,
        ms: ms[i]!,
        z: z[i]!,
        kept: true,
      })),
      rows_WFHW,
      allHeads_WFHW: null,
      heads_UWFHW: null,
      capture: { squareSum: 'none', fused: false, bytes: 0 },
    };
  });
}
