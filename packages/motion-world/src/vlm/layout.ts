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
import { CLIP } from '../clips/clip-size.js';
import { CLIP_FPS } from './mini-config.js';
import type { ClipTurn } from './samples.js';

/** Tokens of a chat about one clip. */
export interface LaidOut {
  ids: readonly number[];
  /** Places whose next token is learned, ascending: the replies with their end marks and newlines. */
  logitPositions: readonly number[];
}

/** How every chat about a clip is laid out: the same tokens up to the end of the video. */
export interface ClipLayout {
  grid: Grid;
  /** [start, end) of the visual tokens. */
  visual: readonly [number, number];
  of(turns: readonly ClipTurn[]): LaidOut;
  /** What stands after the video, and the span of each of its tokens, the first of which stands at `visual[1]`. */
  textOf(turn: ClipTurn): { text: string; spans: [number, number][] };
  /** int64 [3, 1, length] */
  positions(length: number, device: string): Tensor;
}

/**
 * The chat layout of `prepareChat` for many thousand short chats about clips of one size: lines are tokenized once. (A
 * line with its newline is cut by the tokenizer as it is cut within its text.)
 */
export function clipLayout(tokenizer: Tokenizer, config: Qwen25VLConfig): ClipLayout {
  const { patchSize, temporalPatchSize, spatialMergeSize } = config.vision;
  const grid: Grid = [CLIP.frames / temporalPatchSize, CLIP.size / patchSize, CLIP.size / patchSize];
  const memo = new Map<string, number[]>();
  const encode = (text: string): number[] =>
    (text.match(/[^\n]*\n|[^\n]+/g) ?? []).flatMap((line) => {
      const known = memo.get(line) ?? tokenizer.encode(line).ids;
      memo.set(line, known);
      return known;
    });
  const pad = tokenizer.idToToken(config.videoTokenId)!;
  const [before, after, next] = chatAround(pad);
  const count = tokenCount(grid, spatialMergeSize);
  const head = [...tokenizer.encode(before).ids];
  const visual = [head.length, head.length + count] as const;
  const prefix = [...head, ...new Array<number>(count).fill(config.videoTokenId)];
  return {
    grid,
    visual,
    of(turns) {
      const ids = [...prefix];
      const logitPositions: number[] = [];
      turns.forEach(({ prompt, reply }, i) => {
        for (const id of encode((i === 0 ? after : next).replace(MARK, prompt))) ids.push(id);
        for (const id of encode(`${reply}<|im_end|>\n`)) {
          logitPositions.push(ids.length - 1);
          ids.push(id);
        }
      });
      return { ids, logitPositions };
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

/** The chat text before and after the video's pad, and that of a later turn: MARK where the prompt stands, up to where the reply begins. */
function chatAround(pad: string): [string, string, string] {
  const textOf = (messages: Parameters<typeof chatSegments>[0]) =>
    chatSegments(messages, { imagePad: '', videoPad: pad })
      .map((segment) => segment.text)
      .join('');
  const first = { role: 'user', content: [{ type: 'video' }, { type: 'text', text: MARK }] } as const;
  const reply = { role: 'assistant', content: MARK } as const;
  const text = textOf([first]);
  const replied = textOf([first, reply]);
  const later = textOf([first, reply, { role: 'user', content: MARK }]).slice(replied.length);
  const at = text.indexOf(pad);
  return [text.slice(0, at), text.slice(at + pad.length), later];
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
  values.reduce((largest, value) => Math.max(value, largest), least);
