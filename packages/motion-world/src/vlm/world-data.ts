import { availableParallelism } from 'node:os';
import type { Qwen25VLConfig, Tokenizer } from '@motion-enhancer/models';
import { eachPiece } from '../clips/clip-pool.js';
import { CLIP } from '../clips/clip-size.js';
import { describeClip, type Form, type Split, type World, type WorldText } from '../generate/index.js';
import { ClipTable } from './clip-table.js';
import { clipLayout } from './layout.js';
import { type SampleTable, sampleTable } from './sample-table.js';
import type { WorldSample } from './samples.js';

/** Which clips of the world. */
export interface ClipRange {
  /** Default `still-camera`. */
  world?: World;
  split: Split;
  form: Form;
  from: number;
  count: number;
}

export interface WorldData {
  clips: ClipTable;
  samples: SampleTable;
  layout: ReturnType<typeof clipLayout>;
  texts: readonly WorldText[];
  /** uint8 [clips, 16, 64, 64], where asked for. */
  masks: Uint8Array | null;
  dispose(): void;
}

export interface WorldDataOptions {
  config: Qwen25VLConfig;
  tokenizer: Tokenizer;
  device: string;
  masks?: boolean;
  /** Least length of the chats, so that tables of several sets fit one another. */
  length?: number;
  onProgress?(done: number, total: number): void;
}

/** Clips that are drawn while this thread describes them. */
const CHUNK = 2048;

/** Draws clips, and puts them and chats about them on the device. */
export async function worldData(
  ranges: readonly ClipRange[],
  samplesOf: (texts: readonly WorldText[]) => WorldSample[],
  o: WorldDataOptions,
): Promise<WorldData> {
  const total = ranges.reduce((sum, { count }) => sum + count, 0);
  const clips = new ClipTable(total, o.config.vision, o.device);
  const cells = CLIP.frames * CLIP.size ** 2;
  const masks = o.masks ? new Uint8Array(total * cells) : null;
  const texts: WorldText[] = [];
  let at = 0;
  let done = 0;
  for (const { world = 'still-camera', split, form, from, count } of ranges) {
    for (let first = from; first < from + count; first += CHUNK) {
      const chunk = { world, split, form, first, count: Math.min(CHUNK, from + count - first) };
      const start = at;
      const drawing = eachPiece({ ...chunk, ...CLIP, masks: masks !== null }, availableParallelism(), (piece) => {
        const place = start + piece.first - first;
        clips.put(place, piece.frames);
        if (piece.masks) masks?.set(piece.masks, place * cells);
        done += piece.count;
        o.onProgress?.(done, total);
      });
      for (let i = 0; i < chunk.count; i++) texts.push(describeClip(split, first + i, { world, form }));
      await drawing;
      at += chunk.count;
    }
  }
  const layout = clipLayout(o.tokenizer, o.config);
  const samples = sampleTable(samplesOf(texts), layout, o.tokenizer, o.device, o.length);
  return {
    clips,
    samples,
    layout,
    texts,
    masks,
    dispose() {
      clips.dispose();
      samples.dispose();
    },
  };
}
