// Priors without a diffusion model: where the latents of a video change from frame to frame.
import { fromTypedArray, noGrad, scope, stack, type Tensor } from '@motion-enhancer/libtorch';

/**
 * How much the latents change from each frame to the next: |z[t + 1] − z[t]|, mean over channels.
 * @param latents_FCHW [F, C, H, W]
 * @returns [F − 1, H, W] float32
 */
export function latentDifference(latents_FCHW: Tensor): Tensor {
  return noGrad(() =>
    scope(() => {
      const [before, after] = pairs(latents_FCHW);
      return after.sub(before).abs().mean(1);
    }),
  );
}

/** How far the search goes for the shift and zoom of a pair of frames. */
export interface ShiftSearch {
  /** Cells that a shift goes to at most, along either axis, before it is refined. Default 3. */
  reach?: number;
  /** Largest log of the enlargement, before it is refined. Default 0.08. */
  zoom?: number;
  /** How often the steps (1 cell; half of `zoom`) are halved. Default 4. */
  halvings?: number;
}

/** How one frame is laid over the next: the picture is enlarged about its middle by e^zoom, then shifted (in cells). */
export interface Shift {
  zoom: number;
  x: number;
  y: number;
}

/**
 * The same after the best global shift and zoom of each earlier frame, which undoes a camera that shakes, zooms or pans
 * past things that are all equally far. Cells that come into view have nothing to be compared with: 0.
 * @param latents_FCHW [F, C, H, W]
 * @returns [F − 1, H, W] float32
 */
export function shiftedDifference(latents_FCHW: Tensor, search: ShiftSearch = {}): Tensor {
  return noGrad(() =>
    scope(() => {
      const [before, after] = pairs(latents_FCHW);
      const { difference, seen } = overlaid(before, after, bestShifts(latents_FCHW, search));
      return difference.mul(seen);
    }),
  );
}

/**
 * The shift and zoom of each frame that brings it nearest to the next: least mean |difference| over the cells that both
 * show. Coarse to fine: every whole shift at five enlargements, then the 27 neighbours of the best at half the step.
 * @returns one a pair of frames
 */
export function bestShifts(latents_FCHW: Tensor, { reach = 3, zoom = 0.08, halvings = 4 }: ShiftSearch = {}): Shift[] {
  return noGrad(() =>
    scope(() => {
      const [before, after] = pairs(latents_FCHW);
      const count = before.size(0);
      let best = Array.from({ length: count }, (): Shift => ({ zoom: 0, x: 0, y: 0 }));
      let least = costs(before, after, best);
      const tryAll = (candidates: readonly Shift[]) => {
        const from = best;
        for (const { zoom, x, y } of candidates) {
          const moved = from.map((one) => ({ zoom: one.zoom + zoom, x: one.x + x, y: one.y + y }));
          const found = costs(before, after, moved);
          best = best.map((one, i) => (found[i]! < least[i]! ? moved[i]! : one));
          least = least.map((cost, i) => Math.min(cost, found[i]!));
        }
      };
      const whole = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
      tryAll(grid([-zoom, -zoom / 2, 0, zoom / 2, zoom], whole));
      for (let i = 1, step = 0.5; i <= halvings; i++, step /= 2)
        tryAll(
          grid(
            [-step, 0, step].map((s) => (s * zoom) / 2),
            [-step, 0, step],
          ),
        );
      return best;
    }),
  );
}

const grid = (zooms: readonly number[], shifts: readonly number[]): Shift[] =>
  zooms.flatMap((zoom) => shifts.flatMap((y) => shifts.map((x) => ({ zoom, x, y }))));

/** Mean |difference| of each pair over the cells that both frames show. */
function costs(before: Tensor, after: Tensor, shifts: readonly Shift[]): number[] {
  return scope(() => {
    const { difference, seen } = overlaid(before, after, shifts);
    return difference
      .mul(seen)
      .sum([1, 2])
      .div(seen.sum([1, 2]).clamp(1e-6))
      .toArray();
  });
}

/**
 * @returns |difference| of each pair, mean over channels, and 1 where the earlier frame shows something, else 0:
 * [P, H, W]
 */
function overlaid(before: Tensor, after: Tensor, shifts: readonly Shift[]): { difference: Tensor; seen: Tensor } {
  const [, , H, W] = before.shape as [number, number, number, number];
  const rows = resampling(
    H,
    shifts.map(({ zoom, y }) => ({ zoom, shift: y })),
    before.device,
  );
  const columns = resampling(
    W,
    shifts.map(({ zoom, x }) => ({ zoom, shift: x })),
    before.device,
  );
  // One product an axis: [P, 1, H, H] · [P, C, H, W] · [P, 1, W, W]
  const moved = rows.weights.matmul(before).matmul(columns.weights.transpose(2, 3));
  return {
    difference: after.sub(moved).abs().mean(1),
    seen: rows.inside.unsqueeze(2).mul(columns.inside.unsqueeze(1)),
  };
}

interface Resampling {
  /** [P, 1, size, size]: how much of each old cell a new one takes, linearly. */
  weights: Tensor;
  /** [P, size]: 1 where the new cell's centre lies between centres of old cells, else 0. */
  inside: Tensor;
}

/** One axis enlarged about its middle by e^zoom, then shifted, for each pair of frames. */
function resampling(size: number, pairs: readonly { zoom: number; shift: number }[], device: string): Resampling {
  const weights = new Float32Array(pairs.length * size * size);
  const inside = new Float32Array(pairs.length * size);
  const middle = (size - 1) / 2;
  pairs.forEach(({ zoom, shift }, pair) => {
    for (let i = 0; i < size; i++) {
      const place = middle + (i - shift - middle) * Math.exp(-zoom);
      const row = pair * size + i;
      inside[row] = place > -1e-9 && place < size - 1 + 1e-9 ? 1 : 0;
      const low = Math.min(size - 2, Math.max(0, Math.floor(place)));
      const share = Math.min(1, Math.max(0, place - low));
      weights[row * size + low]! += 1 - share;
      weights[row * size + low + 1]! += share;
    }
  });
  return {
    weights: fromTypedArray(weights, [pairs.length, 1, size, size]).to(device),
    inside: fromTypedArray(inside, [pairs.length, size]).to(device),
  };
}

/**
 * A map over the tokens of the diffusion model: the mean of the differences before, in and after a token's latent frames,
 * over the token's cells.
 * @param difference_PHW of each pair of frames: [F − 1, H, W]
 * @param patch latent frames, and cells along either side, of a token
 * @returns [F / patch.time, H / patch.space, W / patch.space] float32
 */
export function tokenDifference(difference_PHW: Tensor, patch: { time: number; space: number }): Tensor {
  return noGrad(() =>
    scope(() => {
      const [P, H, W] = difference_PHW.shape as [number, number, number];
      const frames = Array.from({ length: (P + 1) / patch.time }, (_, token) => {
        const from = Math.max(0, token * patch.time - 1);
        const to = Math.min(P, (token + 1) * patch.time);
        return difference_PHW.narrow(0, from, to - from).mean(0);
      });
      const { space } = patch;
      return stack(frames)
        .reshape(frames.length, H / space, space, W / space, space)
        .mean([2, 4]);
    }),
  );
}

/** Each frame but the last, and the one after it: [F − 1, C, H, W] float32 */
function pairs(latents_FCHW: Tensor): [before: Tensor, after: Tensor] {
  const latents = latents_FCHW.to('float32');
  const count = latents.size(0) - 1;
  return [latents.narrow(0, 0, count), latents.narrow(0, 1, count)];
}
