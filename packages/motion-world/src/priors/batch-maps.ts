// Inversion and reconstruction of many clips at once, with whole attention maps: what `extract` computes for one video,
// affordable because the world's maps are small.

import type { HeadMaps } from '@motion-enhancer/core/internal/prior/capture/capture.js';
import { invert } from '@motion-enhancer/core/internal/prior/diffusion/trajectory.js';
import type { Vdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { locations, type TokenGrid, videoTokens } from '@motion-enhancer/core/internal/prior/grid.js';
import { attention, cat, keep, noGrad, scope, type Tensor, zeros } from '@motion-enhancer/libtorch';
import type { Attend } from '@motion-enhancer/models';

/** The reconstruction, or the inverted video that it attends to. */
export type Stream = 'x' | 'R';

export interface BatchInput {
  /** Scaled latents, no copies in front: [B, Flat, C, h, w] */
  x0: Tensor;
  /** [B, T, D] */
  text: Tensor;
  /** [1, T, D] */
  empty: Tensor;
  /** Start of the reconstruction: [1, Flat, C, h, w] */
  start: Tensor;
  steps: number;
  guidance: number;
  /** How many of the last, least noisy steps are averaged apart. */
  last: number;
}

/** Sums over some steps of one stream's maps, (layer, head) by (layer, head). */
interface Sums {
  /** [layers, B, heads, T, S] */
  text: Tensor;
  /** [layers, B, heads, S, S] */
  video: Tensor;
}

/** Averaged maps of a batch; `maps` gives those of one clip as `select` takes them. */
export interface BatchMaps {
  /**
   * @param steps all of them, or the last ones
   * @param units heads averaged over layers, or each (layer, head)
   */
  maps(clip: number, stream: Stream, steps: 'all' | 'last', units: 'head' | 'layer-head'): HeadMaps;
  dispose(): void;
}

/** Buffers belong to the result until `dispose`. */
export function batchMaps(vdm: Pick<Vdm, 'transformer' | 'schedule'>, input: BatchInput): BatchMaps {
  const { transformer, schedule } = vdm;
  const { x0, text, empty, steps, guidance, last } = input;
  const [B, flat] = [x0.size(0), x0.size(1)];
  const patch = transformer.config.patchSize;
  const grid: TokenGrid = {
    frames: flat / (transformer.config.patchSizeT ?? 1),
    height: x0.size(3) / patch,
    width: x0.size(4) / patch,
    textTokens: text.size(1),
  };
  const { numLayers: L, numAttentionHeads: H } = transformer.config;
  const [T, S] = [grid.textTokens, videoTokens(grid)];
  const dtype = transformer.dtype === 'float64' ? 'float64' : 'float32';
  const buffer = (...shape: number[]) => keep(zeros(shape, { device: x0.device, dtype }));
  const fresh = (): Sums => ({ text: buffer(L, B, H, T, S), video: buffer(L, B, H, S, S) });
  const sums = { x: { early: fresh(), late: fresh() }, R: { early: fresh(), late: fresh() } };

  const run = () => {
    const all = (one: Tensor) => one.expand(B, ...one.shape.slice(1));
    const trajectory = invert(transformer, schedule, x0, all(empty), steps);
    let x: Tensor = all(input.start).contiguous();
    schedule.timesteps(steps).forEach((t, step) => {
      const part = step >= steps - last ? 'late' : 'early';
      const reference = trajectory[steps - 1 - step]!;
      x = scope(() => {
        const attend: Attend = (q, k, v, { layer }) => {
          addMap(sums.x[part], layer, q.narrow(0, B, B), k.narrow(0, B, B), T, dtype);
          addMap(sums.R[part], layer, q.narrow(0, 3 * B, B), k.narrow(0, 3 * B, B), T, dtype);
          return withMemory(q, k, v, B);
        };
        const v = transformer.forward(cat([x, x, reference, reference]), cat([all(empty), text, all(empty), text]), t, {
          attend,
        });
        const wide = (y: Tensor) => y.to(dtype);
        const [negative, positive] = [wide(v.narrow(0, 0, B)), wide(v.narrow(0, B, B))];
        const guided = negative.add(positive.sub(negative), guidance);
        return schedule.step(guided, t, wide(x), steps).to(x.dtype);
      });
    });
  };
  noGrad(() => scope(run));
  return {
    maps: (clip, stream, which, units) =>
      headMaps(sums[stream], clip, which === 'all' ? steps : last, which === 'all', units, grid),
    dispose() {
      for (const { early, late } of Object.values(sums))
        for (const tensor of [early.text, early.video, late.text, late.video]) tensor.dispose();
    },
  };
}

/** Rows [x; R] (2 B each): x over its own keys and R's, R over its own. */
function withMemory(q: Tensor, k: Tensor, v: Tensor, B: number): Tensor {
  const half = (y: Tensor, i: number) => y.narrow(0, i * 2 * B, 2 * B);
  const x = attention(half(q, 0), cat([half(k, 0), half(k, 1)], 2), cat([half(v, 0), half(v, 1)], 2));
  return cat([x, attention(half(q, 1), half(k, 1), half(v, 1))]);
}

/** Adds softmax(q kᵀ / √d), over a row's own keys, of one layer: [B, heads, N, N] */
function addMap(sum: Sums, layer: number, q: Tensor, k: Tensor, T: number, dtype: 'float32' | 'float64'): void {
  scope(() => {
    const wide = (y: Tensor) => y.to(dtype);
    const scores = wide(q)
      .matmul(wide(k).transpose(-2, -1))
      .mul_(1 / Math.sqrt(q.size(-1)));
    const video = scores.softmax(-1).narrow(3, T, scores.size(3) - T);
    sum.text.select(0, layer).add_(video.narrow(2, 0, T));
    sum.video.select(0, layer).add_(video.narrow(2, T, video.size(2) - T));
  });
}

function headMaps(
  { early, late }: { early: Sums; late: Sums },
  clip: number,
  count: number,
  all: boolean,
  units: 'head' | 'layer-head',
  grid: TokenGrid,
): HeadMaps {
  const [F, P] = [grid.frames, locations(grid)];
  return noGrad(() =>
    scope(() => {
      /** [layers, heads, rows, S] → [heads or layers · heads, rows, S] */
      const average = (pick: (s: Sums) => Tensor) => {
        const sum = pick(late).select(1, clip);
        const both = all ? sum.add(pick(early).select(1, clip)) : sum;
        return (units === 'head' ? both.mean(0) : both.flatten(0, 1)).div(count);
      };
      const text = average((s) => s.text);
      const map = average((s) => s.video); // [U, S, S]
      const U = map.size(0);
      const byLocation = map.reshape(U, F, P, F, P).permute(0, 2, 4, 1, 3); // [U, P, P, F, F]
      const same = byLocation.reshape(U, P * P, F, F).slice(1, 0, null, P + 1); // p = q
      return {
        grid,
        textToVideo_HTS: text,
        sameLocation_HPFF: same.contiguous(),
        total_H: map.sum([-2, -1]),
        squares_H: map.square().sum([-2, -1]),
        ...(units === 'layer-head' ? { layers: early.text.size(0) } : {}),
      };
    }),
  );
}
