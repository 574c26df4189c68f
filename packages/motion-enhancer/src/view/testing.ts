import { fromTypedArray, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { PriorConfig } from '../prior/config.js';
import type { Prior } from '../prior/store/prior.js';
import type { ViewFrames } from './thumbnails.js';

export interface MadePriorOptions {
  frames?: number;
  height?: number;
  width?: number;
  heads?: number;
  weights?: 'trained' | 'random';
  pixelFrames?: [number, number][];
  seconds?: [number, number][];
}

/**
 * A prior for tests: word i attends to a blob that moves from left to right, in its own lane and at its own speed.
 * Its tensors belong to the caller's scope.
 */
export function madePrior(words: readonly string[], options: MadePriorOptions = {}): Prior {
  const { frames: F = 5, height: H = 12, width: W = 16, heads = 6, weights = 'random' } = options;
  const pixelFrames = options.pixelFrames ?? Array.from({ length: F }, (_, f): [number, number] => [f, f]);
  const data = new Float32Array(words.length * F * H * W);
  let at = 0;
  words.forEach((_, word) => {
    const lane = ((word + 0.5) / words.length) * H;
    for (let f = 0; f < F; f++) {
      const centre = ((f + 0.5) / F) * W;
      for (let y = 0; y < H; y++) {
        for (let x = 0; x < W; x++) {
          const distance = (((x + 0.5 - centre) / W) ** 2 + ((y + 0.5 - lane) / H) ** 2) / 0.015;
          data[at++] = 1e-4 * (0.1 + Math.exp(-distance)) * (1 + word);
        }
      }
    }
  });
  const rows_WFHW: Tensor = scope(() => fromTypedArray(data, [words.length, F, H, W]).clone());
  let start = 0;
  const text = words.join(' ');
  return {
    info: {
      format: 1,
      id: 'made',
      key: '0'.repeat(64),
      text,
      words: words.map((word, index) => {
        const from = start;
        start += word.length + 1;
        return {
          text: word,
          start: from,
          end: from + word.length,
          ms: 1e-4 * (1 + index),
          z: index - words.length / 2,
          kept: index >= words.length / 2,
        };
      }),
      heads: Array.from({ length: heads }, (_, head) => {
        const score = Math.sin(head * 2.4) * 1.5;
        return {
          dfc: 1e-3 * (head + 1),
          tcs: Math.cos(head),
          dsr: 0.5 / (head + 1),
          score,
          rank: head,
          kept: score > 0,
        };
      }),
      grid: { frames: F, height: H, width: W },
      cell: {
        pixelHeight: 16,
        pixelWidth: 16,
        frames: pixelFrames,
        seconds: options.seconds ?? pixelFrames.map(([a, b]) => [a / 25, b / 25]),
      },
      video: { file: 'made.mp4', sha256: '0'.repeat(64), verdict: 'ok', frames: [], seconds: [] },
      model: { vdm: 'made', sha256: '0'.repeat(64), weights, dtype: 'float32', device: 'cpu' },
      options: {} as PriorConfig,
      code: 'test',
      createdAt: '2026-01-01T00:00:00.000Z',
    },
    rows_WFHW,
    allHeads_WFHW: scope(() => rows_WFHW.clone()),
  };
}

/** Frames of slowly changing colour. */
export function madeFrames(count: number, width = 64, height = 48): ViewFrames {
  const data = new Uint8Array(count * width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    const x = pixel % width;
    const y = Math.floor(pixel / width) % height;
    const f = Math.floor(pixel / (width * height));
    data[i] = [x * 3, y * 4, f * 20][i % 3]!;
  }
  return { data, width, height, indices: Array.from({ length: count }, (_, i) => i) };
}
