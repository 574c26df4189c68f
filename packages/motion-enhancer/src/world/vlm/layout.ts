import { type Tensor, tensor } from '@motion-enhancer/libtorch';
import {
  chatSegments,
  type Grid,
  positionsTensor,
  type Qwen25VLConfig,
  ropeIndex,
  type Tokenizer,
  tokenCount,
} from '@motion-enhancer/models';
import { CLIP_FPS, CLIP_FRAMES, CLIP_SIDE } from './mini-config.js';
import type { WorldSample } from './samples.js';

/** Tokens of a chat about one clip. */
export interface LaidOut {
  /** Up to the end of the video: the same in every chat. */
  prefix: readonly number[];
  /** What is given after it, up to where the reply begins. */
  given: readonly number[];
  /** The reply with its end mark and newline: what is learned. */
  learned: readonly number[];
}

/** How every chat about a clip is laid out: the same tokens up to the end of the video. */
export interface ClipLayout {
  grid: Grid;
  /** [start, end) of the visual tokens. */
  visual: readonly [number, number];
  of(sample: Pick<WorldSample, 'prompt' | 'reply'>): LaidOut;
  /** What stands after the video, and the span of each of its tokens, the first of which stands at `visual[1]`. */
  textOf(sample: Pick<WorldSample, 'prompt' | 'reply'>): { text: string; spans: [number, number][] };
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
      return { prefix, given: encode(after.replace(MARK, prompt)), learned: encode(`${reply}<|im_end|>\n`) };
    },
    textOf({ prompt, reply }) {
      const given = after.replace(MARK, prompt);
      const learned = `${reply}<|im_end|>\n`;
      const parts = [tokenizer.encode(given).spans, tokenizer.encode(learned).spans];
      const moved = parts[1]!.map(([from, to]): [number, number] => [from + given.length, to + given.length]);
      return { text: given + learned, spans: [...parts[0]!, ...moved] };
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

/** Rows of one length, filled up with `filler`: int64 [count, length]. @throws RangeError where a row is longer */
export function int64Rows(
  count: number,
  rowOf: (n: number) => readonly number[],
  length: number,
  filler: number,
  device: string,
): Tensor {
  const flat = new Int32Array(count * length).fill(filler);
  for (let n = 0; n < count; n++) {
    const row = rowOf(n);
    if (row.length > length) throw new RangeError(`row ${n} has ${row.length} entries, more than ${length}`);
    flat.set(row, n * length);
  }
  return tensor(flat, { shape: [count, length] }).to('int64', device);
}

/** The largest of many numbers, and at least `least`: as arguments of Math.max they would not fit on the stack. */
export const largest = (values: readonly number[], least = 0): number =>
  values.reduce((most, value) => Math.max(value, most), least);
