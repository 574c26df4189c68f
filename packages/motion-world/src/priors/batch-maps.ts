// Inversion and reconstruction of many clips at once, with whole attention maps: what `extract` computes for one video,
// affordable because the world's maps are small.

import { AttentionCapture } from '@motion-enhancer/core/internal/prior/capture/attention-capture.js';
import type { HeadMaps } from '@motion-enhancer/core/internal/prior/capture/head-maps.js';
import type { Stream } from '@motion-enhancer/core/internal/prior/diffusion/streams.js';
import { invert, reconstruct } from '@motion-enhancer/core/internal/prior/diffusion/trajectory.js';
import type { Denoiser } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';

/** The reconstruction, or the inverted video that it attends to; of both, with the clip's text. */
export type MapStream = 'x' | 'R';

const STREAM_OF = { x: 1, R: 3 } as const satisfies Record<MapStream, Stream>;

export interface BatchInput {
  /** Latents: [B, …] */
  x0: Tensor;
  /** [B, T, D] */
  text: Tensor;
  /** [1, T, D] */
  empty: Tensor;
  /** Start of the reconstruction: [1, …] */
  start: Tensor;
  steps: number;
  guidance: number;
  /** How many of the last, least noisy steps are averaged apart. */
  last: number;
}

/** Averaged maps of a batch; `maps` gives those of one clip as `select` takes them. */
export interface BatchMaps {
  /**
   * @param steps all of them, or the last ones
   * @param granularity heads averaged over layers, or each (layer, head)
   */
  maps(clip: number, stream: MapStream, steps: 'all' | 'last', granularity: 'head' | 'layer-head'): HeadMaps;
  dispose(): void;
}

/** Buffers belong to the result until `dispose`. */
export function batchMaps(model: Denoiser, { x0, text, empty, start, steps, guidance, last }: BatchInput): BatchMaps {
  const { layers, heads } = model.attention;
  const grid = model.grid(x0, text);
  const { device, dtype } = model;
  // A group for every layer of the early steps, then one for every layer of the last: any of them can be pooled.
  const capture = () =>
    new AttentionCapture(heads, grid, {
      ...{ device, dtype, squareSum: 'accumulate' as const },
      clips: x0.size(0),
      groups: 2 * layers,
    });
  const captures = { x: capture(), R: capture() };
  noGrad(() =>
    scope(() => {
      const trajectory = invert(model, x0, empty, steps);
      reconstruct(
        model,
        trajectory,
        { text, empty },
        {
          ...{ steps, guidance, start },
          outcome: false,
          captured: () => Object.values(STREAM_OF),
          capture({ layer, step, of }) {
            const group = step < steps - last ? layer : layers + layer;
            for (const stream of ['x', 'R'] as const) captures[stream].add(of(STREAM_OF[stream]), group);
          },
        },
      );
    }),
  );
  return {
    maps: (clip, stream, which, granularity) => {
      const pools = Array.from({ length: layers }, (_, layer) =>
        which === 'all' ? [layer, layers + layer] : [layers + layer],
      );
      return noGrad(() => captures[stream].maps(clip, granularity === 'head' ? [pools.flat()] : pools));
    },
    dispose() {
      captures.x.dispose();
      captures.R.dispose();
    },
  };
}
