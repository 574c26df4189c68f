import type { Qwen25VLConfig, Tokenizer } from '@motion-enhancer/models';
import type { Form, Split, WorldText } from '../generate/index.js';
import { ClipTable } from './clip-table.js';
import { drawClips } from './draw-clips.js';
import { clipLayout } from './layout.js';
import { describeClips } from './pretrain-samples.js';
import { type SampleTable, sampleTable } from './sample-table.js';
import type { WorldSample } from './samples.js';

/** Which clips of the world. */
export interface ClipRange {
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

/** Frames on their way to the device at once. */
const CHUNK = 2048;

/** Draws clips, and puts them and chats about them on the device. */
export async function worldData(
  ranges: readonly ClipRange[],
  samplesOf: (texts: readonly WorldText[]) => WorldSample[],
  o: WorldDataOptions,
): Promise<WorldData> {
  const total = ranges.reduce((sum, { count }) => sum + count, 0);
  const clips = new ClipTable(total, o.config.vision, o.device);
  const masks: Uint8Array[] = [];
  const texts: WorldText[] = [];
  let at = 0;
  for (const { split, form, from, count } of ranges) {
    for (let first = 0; first < count; first += CHUNK) {
      const indices = Array.from({ length: Math.min(CHUNK, count - first) }, (_, i) => from + first + i);
      const before = at;
      const drawing = drawClips(split, form, indices, {
        masks: o.masks ?? false,
        onProgress: (done) => o.onProgress?.(before + done, total),
      });
      texts.push(...describeClips(split, form, indices));
      const drawn = await drawing;
      clips.put(at, drawn.frames);
      if (drawn.masks) masks.push(drawn.masks);
      at += indices.length;
    }
  }
  const layout = clipLayout(o.tokenizer, o.config);
  const samples = sampleTable(samplesOf(texts), layout, o.tokenizer, o.device, o.length);
  return {
    clips,
    samples,
    layout,
    texts,
    masks: o.masks ? joined(masks) : null,
    dispose() {
      clips.dispose();
      samples.dispose();
    },
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
