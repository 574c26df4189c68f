import { type Tensor, tensor } from '@motion-enhancer/libtorch';
import {
  chatSegments,
  type Grid,
  IGNORE_INDEX,
  positionsTensor,
  type Qwen25VLConfig,
  ropeIndex,
  type Tokenizer,
  tokenCount,
} from '@motion-enhancer/models';
import { CLIP_FPS, CLIP_FRAMES, CLIP_SIDE } from './mini-config.js';
import type { WorldSample } from './samples.js';

/** Tokens of a chat about one clip, and where its reply is learned. */
export interface LaidOut {
  ids: number[];
  /** The token to predict at each place, −100 where none is learned. */
  labels: number[];
}

/** How every chat about a clip is laid out: the same tokens up to the end of the video. */
export interface ClipLayout {
  grid: Grid;
  /** [start, end) of the visual tokens. */
  visual: readonly [number, number];
  of(sample: Pick<WorldSample, 'prompt' | 'reply'>): LaidOut;
  /** int64 [3, 1, length] */
  positions(length: number, device: string): Tensor;
}

/**
 * The chat layout of `prepareChat` for many thousand short chats about clips of one size: lines are tokenized once. (A
 * line with its newline is cut by the tokenizer as it is cut within its text.)
 */
export function clipLayout(tokenizer: Tokenizer, config: Qwen25VLConfig): ClipLayout {
  const { patchSize, temporalPatchSize, spatialMergeSize } = config.vision;
  const grid: Grid = [CLIP_FRAMES / temporalPatchSize, CLIP_SIDE / patchSize, CLIP_SIDE / patchSize];
  const memo = new Map<string, number[]>();
  const encode = (text: string): number[] =>
    (text.match(/[^\n]*\n|[^\n]+/g) ?? []).flatMap((line) => {
      const known = memo.get(line) ?? tokenizer.encode(line).ids;
      memo.set(line, known);
      return known;
    });
  const pad = tokenizer.idToToken(config.videoTokenId)!;
  const [before, after] = chatAround(pad);
  const count = tokenCount(grid, spatialMergeSize);
  const head = [...tokenizer.encode(before).ids];
  const visual = [head.length, head.length + count] as const;
  const prefix = [...head, ...new Array<number>(count).fill(config.videoTokenId)];
  return {
    grid,
    visual,
    of({ prompt, reply }) {
      const given = encode(after.replace(MARK, prompt));
      const learned = encode(`${reply}<|im_end|>\n`);
      return {
        ids: [...prefix, ...given, ...learned],
        labels: [...new Array<number>(prefix.length + given.length).fill(IGNORE_INDEX), ...learned],
      };
    },
    positions(length, device) {
      const ids = [...prefix, ...new Array<number>(length - prefix.length).fill(0)];
      const seconds = temporalPatchSize / CLIP_FPS;
      return positionsTensor([ropeIndex(ids, [grid], [seconds], config).positions], device);
    },
  };
}

const MARK = '\u0000';

/** The chat text before and after the video's pad, MARK where the prompt stands, up to where the reply begins. */
function chatAround(pad: string): [string, string] {
  const message = { role: 'user', content: [{ type: 'video' }, { type: 'text', text: MARK }] } as const;
  const text = chatSegments([message], { imagePad: '', videoPad: pad })
    .map((segment) => segment.text)
    .join('');
  const at = text.indexOf(pad);
  return [text.slice(0, at), text.slice(at + pad.length)];
}

/** Rows of one length, filled up with `filler`. @throws RangeError where a row is longer */
export function int64Rows(
  rows: readonly (readonly number[])[],
  length: number,
  filler: number,
  device: string,
): Tensor {
  const flat = new Int32Array(rows.length * length).fill(filler);
  rows.forEach((row, i) => {
    if (row.length > length) throw new RangeError(`row ${i} has ${row.length} entries, more than ${length}`);
    flat.set(row, i * length);
  });
  return tensor(flat, { shape: [rows.length, length] }).to('int64', device);
}
