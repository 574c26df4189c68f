import { type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { Qwen25VLConfig } from './config.js';
import { type Grid, tokenCount } from './grid.js';

export interface RopeIndexOptions {
  /**
   * How seconds per frame pair become time positions. `float` (default): ⌊k · seconds · tokensPerSecond⌋, as Qwen's own
   * code, transformers 4.49 and 5.18 have it. `integer`: the seconds lose their fraction first, as in transformers 4.57.
   */
  rounding?: 'float' | 'integer';
  /**
   * Where text goes on after media. `max` (default): one after the largest position, as Qwen's own code and
   * transformers 4 have it. `extent`: after the larger of the media's height and width, as transformers 5.18 has it.
   */
  resume?: 'max' | 'extent';
}

export interface RopeIndex {
  /** Time, height and width position of every token. */
  positions: [t: number[], h: number[], w: number[]];
  /** Largest position + 1 − number of tokens: token n of the reply has position n + delta. */
  delta: number;
}

/**
 * Multimodal rotary positions of one sequence. Text counts on in all three; a video's tokens take frame-pair time, row
 * and column, from where the text stood.
 * Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py (get_rope_index) @ v4.57.6 and v5.18.0; golden values.
 * @param ids with the image and video pad tokens expanded
 * @param grids of images and videos in their order in `ids`
 * @param secondPerGrid seconds between frame pairs, one per video; null: 1
 * @throws UserError ERR_MEDIA when pad tokens and grids do not match
 */
export function ropeIndex(
  ids: readonly number[],
  grids: readonly Grid[],
  secondPerGrid: readonly number[] | null,
  config: Qwen25VLConfig,
  { rounding = 'float', resume = 'max' }: RopeIndexOptions = {},
): RopeIndex {
  const { spatialMergeSize, tokensPerSecond } = config.vision;
  const positions: RopeIndex['positions'] = [[], [], []];
  const isPad = (id: number | undefined) => id === config.imageTokenId || id === config.videoTokenId;
  const put = (t: number, h: number, w: number) => {
    positions[0].push(t);
    positions[1].push(h);
    positions[2].push(w);
  };
  let next = 0;
  let top = -1; // the largest position so far
  let media = 0;
  let videos = 0;
  for (let i = 0; i < ids.length; ) {
    if (!isPad(ids[i])) {
      put(next, next, next);
      top = Math.max(top, next++);
      i++;
      continue;
    }
    const grid = grids[media++];
    const length = runLength(ids, i);
    const wanted = grid ? tokenCount(grid, spatialMergeSize) : 0;
    // Two media may touch; a run that is too short never fits.
    if (!grid || length < wanted) throw padMismatch(media, grids.length, wanted, length);
    const video = ids[i] === config.videoTokenId;
    const seconds = video ? (secondPerGrid?.[videos++] ?? 1) : 0;
    const [T, H, W] = [grid[0], grid[1] / spatialMergeSize, grid[2] / spatialMergeSize];
    for (let k = 0; k < T; k++) {
      const time = timePosition(k, seconds, tokensPerSecond, rounding);
      top = Math.max(top, next + time);
      for (let y = 0; y < H; y++) for (let x = 0; x < W; x++) put(next + time, next + y, next + x);
    }
    top = Math.max(top, next + Math.max(H, W) - 1);
    next = resume === 'max' ? top + 1 : next + Math.max(H, W);
    i += wanted;
  }
  if (media !== grids.length) throw padMismatch(media, grids.length, 0, 0);
  return { positions, delta: top + 1 - ids.length };
}

/** float32 products, as the reference's tensors have them. */
function timePosition(k: number, seconds: number, perSecond: number, rounding: 'float' | 'integer'): number {
  if (rounding === 'integer') return k * Math.trunc(seconds) * perSecond;
  return Math.floor(Math.fround(k * Math.fround(perSecond * Math.fround(seconds))));
}

function runLength(ids: readonly number[], from: number): number {
  let to = from;
  while (ids[to] === ids[from]) to++;
  return to - from;
}

function padMismatch(at: number, grids: number, wanted: number, found: number): UserError {
  const what =
    wanted > 0
      ? `Expected ${wanted} pad tokens for image or video ${at} but received ${found}`
      : `Expected pad tokens for ${grids} images and videos but received those of ${at === grids + 1 ? 'more' : at}`;
  return new UserError(`${what}. Give one <|vision_start|>…<|vision_end|> per image or video, expanded to its grid.`, {
    code: 'ERR_MEDIA',
  });
}

/**
 * Positions of a batch, [3, B, N] int64. Shorter sequences are filled with 1 on the right.
 */
export function positionsTensor(batch: readonly RopeIndex['positions'][], device = 'cpu'): Tensor {
  const length = Math.max(...batch.map(([t]) => t.length));
  const rows = [0, 1, 2].map((axis) =>
    batch.map((positions) => {
      const row = positions[axis]!;
      return [...row, ...new Array<number>(length - row.length).fill(1)];
    }),
  );
  return tensor(rows, { dtype: 'int64', device });
}
