import { arange, scope } from '@motion-enhancer/libtorch';
import {
  chooseFrames,
  type Grid,
  patchify,
  pixelBudget,
  type Qwen25VLConfig,
  ropeIndex,
  smartResize,
  windowIndex,
} from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import { compareCases } from '../compare-cases.js';
import { readJson } from '../golden-file.js';
import type { ParityContext } from '../part.js';
import { type MropeCase, mropeSequences } from './mrope-sequences.js';
import { numberOf } from './number-of.js';

interface Resize extends Record<'h' | 'w' | 'min' | 'max', number> {
  qwen_vl_utils?: [number, number];
  transformers?: [number, number];
}

interface Frames {
  total: number;
  video_fps: number;
  cfg?: { fps?: number; nframes?: number; min_frames?: number; max_frames?: number };
  nframes: number;
  idx: (number | '...')[];
  sample_fps?: number;
  video_max_pixels_default?: number;
  error?: string;
}

interface Windows {
  thw: Grid;
  window_index: number[];
  cu_window_seqlens_unique: number[];
}

interface PatchOrder {
  T: number;
  H: number;
  W: number;
  first_value_of_each_row: number[];
  row0_probe?: Record<string, number>;
}

/** Any of the kinds may be absent. */
interface Golden {
  smart_resize?: Resize[];
  smart_nframes?: Frames[];
  mrope?: MropeCase[];
  window_index?: Windows[];
  patch_order?: PatchOrder;
}

/** Tokens and sizes of the published models; the goldens' text ids are theirs too. */
const SHAPE = {
  spatialMergeSize: 2,
  patchSize: 14,
  temporalPatchSize: 2,
  windowSize: 112,
  tokensPerSecond: 2,
} as const;
const CONFIG = { vision: SHAPE, imageTokenId: 151655, videoTokenId: 151656 } as unknown as Qwen25VLConfig;

const MEDIA = { image: CONFIG.imageTokenId, video: CONFIG.videoTokenId, merge: SHAPE.spatialMergeSize };

/** Resize arithmetic, frame choice, rotary ids, windows and patch order of goldens/qwen25vl_processing.json. */
export function qwen25VLProcessingChecks(goldenFile: string, { report }: ParityContext): void {
  const golden = readJson(goldenFile) as Golden;
  resizeChecks(golden.smart_resize, report);
  frameChecks(golden.smart_nframes, report);
  compareCases(
    { name: 'qwen2_5_vl/mrope', cases: golden.mrope, ours: ourPositions, reference: theirPositions },
    report,
  );
  compareCases(
    {
      name: 'qwen2_5_vl/windows',
      cases: golden.window_index,
      ours: (one) => ourWindows(one.thw),
      reference: (one) => [...one.window_index, ...one.cu_window_seqlens_unique],
    },
    report,
  );
  compareCases(
    {
      name: 'qwen2_5_vl/patch_order',
      cases: golden.patch_order && [golden.patch_order],
      ours: ourPatches,
      reference: (one) => [...one.first_value_of_each_row, ...Object.values(one.row0_probe ?? {})],
    },
    report,
  );
}

type Report = ParityContext['report'];

function resizeChecks(cases: readonly Resize[] | undefined, report: Report): void {
  for (const [flavour, key] of [
    ['qwen-vl-utils', 'qwen_vl_utils'],
    ['transformers', 'transformers'],
  ] as const)
    compareCases(
      {
        name: `qwen2_5_vl/smart_resize_${key}`,
        cases,
        skip: (one) => one[key] === undefined && (one.qwen_vl_utils ?? one.transformers) !== undefined,
        ours: ({ h, w, min, max }) =>
          smartResize(numberOf(h, 'h'), numberOf(w, 'w'), {
            minPixels: numberOf(min, 'min'),
            maxPixels: numberOf(max, 'max'),
            flavour,
          }),
        reference: (one) => one[key]!,
      },
      report,
    );
}

function ourPositions(one: MropeCase): number[] {
  return mropeSequences(one, MEDIA).flatMap(({ ids, grids, seconds, delta, padding }) => {
    // As transformers 4.57, which computed them.
    const rope = ropeIndex(ids, grids, seconds, CONFIG, { rounding: 'integer' });
    // transformers 4 counts from the padded length, transformers 5 from the sequence's own.
    const ours = rope.delta - padding === delta ? delta : rope.delta;
    return [...rope.positions.flat(), ...(delta === null ? [] : [ours])];
  });
}

const theirPositions = (one: MropeCase): number[] =>
  mropeSequences(one, MEDIA).flatMap(({ positions, delta }) => [
    ...positions.flat(),
    ...(delta === null ? [] : [delta]),
  ]);

/** Upstream refuses some requests; where both answer, the frames are compared. Golden lists leave out their middles. */
function frameChecks(cases: readonly Frames[] | undefined, report: Report): void {
  compareCases(
    {
      name: 'qwen2_5_vl/frames_refused',
      cases,
      ours: (one) => [ourFrames(one) ? 0 : 1],
      reference: (one) => [one.error ? 1 : 0],
    },
    report,
  );
  compareCases(
    {
      name: 'qwen2_5_vl/frames',
      cases: cases?.filter(isReadable),
      skip: (one) => one.error !== undefined || ourFrames(one) === null,
      ours: (one) => {
        const { indices, sampleFps } = ourFrames(one)!;
        const { maxPixels } = pixelBudget(indices.length);
        return [
          indices.length,
          ...(one.sample_fps === undefined ? [] : [Math.round(sampleFps * 1e9)]),
          ...(one.video_max_pixels_default === undefined ? [] : [Math.trunc(maxPixels)]),
          ...(one.idx.includes('...') ? [...indices.slice(0, 6), ...indices.slice(-6)] : indices),
        ];
      },
      reference: (one) => [
        one.nframes,
        ...(one.sample_fps === undefined ? [] : [Math.round(one.sample_fps * 1e9)]),
        ...(one.video_max_pixels_default === undefined ? [] : [one.video_max_pixels_default]),
        ...one.idx.filter((i): i is number => i !== '...'),
      ],
    },
    report,
  );
}

/** The line above names the others. */
function isReadable(one: Frames): boolean {
  return typeof one?.total === 'number' && typeof one.video_fps === 'number';
}

function ourFrames({ cfg = {}, total, video_fps }: Frames): ReturnType<typeof chooseFrames> | null {
  const options = Object.fromEntries(
    Object.entries({
      fps: cfg.fps,
      nframes: cfg.nframes,
      minFrames: cfg.min_frames,
      maxFrames: cfg.max_frames,
    }).filter(([, value]) => value !== undefined),
  );
  try {
    return chooseFrames(numberOf(total, 'total'), numberOf(video_fps, 'video_fps'), options);
  } catch (error) {
    if (error instanceof UserError && error.code !== 'ERR_PARITY') return null;
    throw error;
  }
}

/** The order of the windows' tokens, then where each window ends in patches. */
function ourWindows(grid: Grid): number[] {
  const { order, sizes } = windowIndex(grid, CONFIG.vision);
  let at = 0;
  const ends = sizes.map((size) => {
    at += SHAPE.spatialMergeSize ** 2 * size;
    return at;
  });
  return [...order, 0, ...ends];
}

/** Values say where they stood: channel · 1e6 + frame · 1e4 + row · 100 + column. */
function ourPatches({ T, H, W, row0_probe = {} }: PatchOrder): number[] {
  return scope(() => {
    const axis = (n: number, step: number, ...view: number[]) =>
      arange(0, n)
        .mul(step)
        .view(...view);
    const frames = axis(3, 1e6, 1, 3, 1, 1)
      .add(axis(T, 1e4, T, 1, 1, 1))
      .add(axis(H, 100, 1, 1, H, 1))
      .add(axis(W, 1, 1, 1, 1, W));
    const { patches } = patchify(frames, SHAPE);
    const first = patches.select(0, 0).toArray();
    return [...patches.select(1, 0).toArray(), ...Object.keys(row0_probe).map((column) => first[Number(column)]!)];
  });
}
