import { chooseInternVL3Frames, type InternVL3FrameOptions, tileGrid } from '@motion-enhancer/models';
import { compareCases } from '../compare-cases.js';
import { readJson } from '../golden-file.js';
import type { ParityContext } from '../part.js';
import { numberOf } from './number-of.js';

type FramesOfCount = Record<string, number[]>;

interface Row {
  total: number;
  fps: number;
  internvl_get_index?: FramesOfCount;
  internvl_get_index_bound?: FramesOfCount & { bound: [number, number] };
  internvl_train_middle?: FramesOfCount;
  vlmevalkit_nframe8?: number[];
}

interface Golden {
  rows?: Row[];
  aspect?: { w: number; h: number; max_num: number; cols: number; rows: number }[];
}

/** Of each line: the key of a row that it compares, and what our rule is told. */
const RULES: readonly (readonly [line: string, key: keyof Row, optionsOf: (row: Row) => InternVL3FrameOptions])[] = [
  ['frames', 'internvl_get_index', () => ({})],
  ['frames_training', 'internvl_train_middle', () => ({ rule: 'training' })],
  ['frames_vlmevalkit', 'vlmevalkit_nframe8', () => ({ rule: 'vlmevalkit' })],
  ['frames_bound', 'internvl_get_index_bound', (row) => ({ bound: row.internvl_get_index_bound!.bound })],
];

/** Frame numbers and tile grids of goldens/internvl_frames.json, one line for each rule. */
export function internVL3FrameChecks(goldenFile: string, { report }: ParityContext): void {
  const golden = readJson(goldenFile) as Golden;
  for (const [line, key, optionsOf] of RULES)
    compareCases(
      {
        name: `internvl3/${line}`,
        cases: golden.rows,
        skip: (row) => row[key] === undefined,
        ours: (row) =>
          countsOf(row, key).flatMap(([frames]) =>
            chooseInternVL3Frames(numberOf(row.total, 'total'), numberOf(row.fps, 'fps'), {
              frames,
              ...optionsOf(row),
            }),
          ),
        reference: (row) => countsOf(row, key).flatMap(([, indices]) => indices),
      },
      report,
    );
  compareCases(
    {
      name: 'internvl3/tiles',
      cases: golden.aspect,
      ours: ({ w, h, max_num: maxTiles }) => {
        const { columns, rows } = tileGrid(numberOf(w, 'w'), numberOf(h, 'h'), {
          minTiles: 1,
          maxTiles,
          tileSize: 448,
        });
        return [columns, rows];
      },
      reference: ({ cols, rows }) => [numberOf(cols, 'cols'), numberOf(rows, 'rows')],
    },
    report,
  );
}

/** Counts of frames and their indices; VLMEvalKit's are of 8, and a bound stands among the counts. */
function countsOf(row: Row, key: keyof Row): [frames: number, indices: number[]][] {
  const value = row[key] as number[] | FramesOfCount;
  const counts = Array.isArray(value) ? { 8: value } : value;
  return Object.entries(counts)
    .filter(([count]) => /^\d+$/.test(count))
    .map(([count, indices]) => [Number(count), indices]);
}
