import { createHash } from 'node:crypto';
import type { Grid } from '@motion-enhancer/core/internal/align/index.js';
import { openSafetensors, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { PriorMaps } from '../align/maps-of-condition.js';

/**
 * Priors of many clips in one file, as `world priors` writes it: `maps.ARM` [words of all clips, F, H, W], in 255ths of
 * `scale.ARM` [words] where there is one; `kept.ARM` uint8 [words]; `words` int32 [clips]: how many caption words each
 * clip has. Its metadata says `split`, `first`, and `world` where that is not `still-camera`.
 */
export interface PriorFile {
  grid: Grid;
  world: string;
  split: string;
  first: number;
  count: number;
  /** Hash of the settings that it was made with, whichever clips it is of. */
  made: string;
  arms: Map<string, PriorMaps>;
}

/** @throws UserError when the file is of another kind */
export function readPriorFile(path: string): PriorFile {
  return scope(() => {
    const file = openSafetensors(path);
    try {
      const names = [...file.tensors.keys()].flatMap((name) => (name.startsWith('maps.') ? name.slice(5) : []));
      if (names.length === 0 || !file.tensors.has('words'))
        throw new UserError(
          `Expected tensors words and maps.ARM in ${path} but received others. Is it a file of world priors?`,
          {
            code: 'ERR_PRIOR',
          },
        );
      const counts = file.read('words').to('int32').toTypedArray() as Int32Array;
      const starts: number[] = [];
      let total = 0;
      for (const count of counts) {
        starts.push(total);
        total += count;
      }
      const [, frames, height, width] = file.tensors.get(`maps.${names[0]}`)!.shape as [number, number, number, number];
      const S = frames * height * width;
      const first = Number(file.metadata.first ?? 0);
      const arms = new Map(
        names.map((name): [string, PriorMaps] => {
          const maps = valuesOf(file, name).toTypedArray() as Float32Array;
          const kept = file.tensors.has(`kept.${name}`)
            ? (file.read(`kept.${name}`).to('uint8').toTypedArray() as Uint8Array)
            : null;
          const at = (clip: number, word: number) => {
            const place = clip - first;
            return place >= 0 && place < counts.length && word < counts[place]! ? starts[place]! + word : null;
          };
          return [
            name,
            {
              map: (clip, word) => {
                const row = at(clip, word);
                return row === null ? null : maps.subarray(row * S, (row + 1) * S);
              },
              kept: (clip, word) => {
                const row = at(clip, word);
                return row !== null && (kept === null || kept[row] === 1);
              },
            },
          ];
        }),
      );
      const grid = { frames, height, width };
      const { split = '', ...metadata } = file.metadata;
      return {
        grid,
        world: metadata.world ?? 'still-camera',
        split,
        first,
        count: counts.length,
        made: madeOf(metadata),
        arms,
      };
    } finally {
      file.close();
    }
  });
}

/** [words of all clips, F, H, W] float32 */
function valuesOf(file: ReturnType<typeof openSafetensors>, name: string): Tensor {
  const maps = file.read(`maps.${name}`).to('float32');
  if (!file.tensors.has(`scale.${name}`)) return maps;
  return maps.mul(file.read(`scale.${name}`).div(255).view(-1, 1, 1, 1));
}

function madeOf({ first, indices, ...settings }: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12);
}
