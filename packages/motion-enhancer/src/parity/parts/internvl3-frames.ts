import { chooseInternVL3Frames, type InternVL3FrameOptions, tileGrid } from '@motion-enhancer/models';
import { compareExact } from '../compare.js';
import { readJson } from '../golden-file.js';
import type { ParityContext } from '../part.js';

interface Golden {
  rows: {
    total: number;
    fps: number;
    internvl_get_index: Record<string, number[]>;
    internvl_get_index_bound?: Record<string, number[]> & { bound: [number, number] };
    internvl_train_middle: Record<string, number[]>;
    vlmevalkit_nframe8: number[];
  }[];
  aspect: { w: number; h: number; max_num: number; cols: number; rows: number }[];
}

/** Frame numbers and tile grids of goldens/internvl_frames.json, one line for each rule. */
export function internVL3FrameChecks(goldenFile: string, { report }: ParityContext): void {
  const golden = readJson(goldenFile) as unknown as Golden;
  const check = (
    name: string,
    wantedOf: (row: Golden['rows'][number]) => Record<string, unknown>,
    optionsOf: (row: Golden['rows'][number]) => InternVL3FrameOptions,
  ) => {
    const ours: number[] = [];
    const reference: number[] = [];
    for (const row of golden.rows)
      for (const [count, indices] of Object.entries(wantedOf(row))) {
        if (!/^\d+$/.test(count)) continue; // the bound itself
        ours.push(...chooseInternVL3Frames(row.total, row.fps, { frames: Number(count), ...optionsOf(row) }));
        reference.push(...(indices as number[]));
      }
    report(compareExact(`internvl3/${name}`, ours, reference));
  };
  check(
    'frames',
    (row) => row.internvl_get_index,
    () => ({}),
  );
  check(
    'frames_training',
    (row) => row.internvl_train_middle,
    () => ({ rule: 'training' }),
  );
  check(
    'frames_vlmevalkit',
    (row) => ({ 8: row.vlmevalkit_nframe8 }),
    () => ({ rule: 'vlmevalkit' }),
  );
  check(
    'frames_bound',
    (row) => row.internvl_get_index_bound ?? {},
    (row) => ({ bound: row.internvl_get_index_bound!.bound }),
  );
  const grids = golden.aspect.map(({ w, h, max_num }) =>
    tileGrid(w, h, { minTiles: 1, maxTiles: max_num, tileSize: 448 }),
  );
  report(
    compareExact(
      'internvl3/tiles',
      grids.flatMap(({ columns, rows }) => [columns, rows]),
      golden.aspect.flatMap(({ cols, rows }) => [cols, rows]),
    ),
  );
}
