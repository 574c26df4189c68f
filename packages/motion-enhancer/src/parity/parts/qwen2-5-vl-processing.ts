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
import { compareExact } from '../compare.js';
import { readJson } from '../golden-file.js';
import type { ParityContext } from '../part.js';

interface Golden {
  smart_resize: (Record<'h' | 'w' | 'min' | 'max', number> &
    Record<'qwen_vl_utils' | 'transformers', [number, number]>)[];
  smart_nframes: {
    total: number;
    video_fps: number;
    cfg: { fps?: number; nframes?: number; min_frames?: number; max_frames?: number };
    nframes: number;
    idx: (number | '...')[];
    sample_fps: number;
    video_max_pixels_default: number;
    error?: string;
  }[];
  mrope: { name: string; input_ids: number[]; second_per_grid_ts: number[]; position_ids: number[][]; delta: number }[];
  window_index: { thw: Grid; window_index: number[]; cu_window_seqlens_unique: number[] }[];
  patch_order: {
    T: number;
    H: number;
    W: number;
    first_value_of_each_row: number[];
    row0_probe: Record<string, number>;
  };
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

/** Resize arithmetic, frame choice, rotary ids, windows and patch order of goldens/qwen25vl_processing.json. */
export function qwen25VLProcessingChecks(goldenFile: string, { report }: ParityContext): void {
  const golden = readJson(goldenFile) as unknown as Golden;
  const exact = (name: string, ours: number[], reference: number[]) =>
    report(compareExact(`qwen2_5_vl/${name}`, ours, reference));
  for (const [flavour, key] of [
    ['qwen-vl-utils', 'qwen_vl_utils'],
    ['transformers', 'transformers'],
  ] as const)
    exact(
      `smart_resize_${key}`,
      golden.smart_resize.flatMap((g) => smartResize(g.h, g.w, { minPixels: g.min, maxPixels: g.max, flavour })),
      golden.smart_resize.flatMap((g) => g[key]),
    );
  frameChecks(golden.smart_nframes, exact);
  const roped = golden.mrope.map((g) =>
    ropeIndex(g.input_ids, [g.name.startsWith('image') ? [1, 4, 6] : [3, 2, 4]], g.second_per_grid_ts, CONFIG, {
      rounding: 'integer', // as transformers 4.57, which computed them
    }),
  );
  exact(
    'mrope',
    roped.flatMap(({ positions, delta }) => [...positions.flat(), delta]),
    golden.mrope.flatMap((g) => [...g.position_ids.flat(), g.delta]),
  );
  const windows = golden.window_index.map((g) => windowIndex(g.thw, CONFIG.vision));
  let at = 0;
  exact(
    'windows',
    windows.flatMap(({ order, sizes }) => {
      at = 0;
      return [
        ...order,
        0,
        ...sizes.map((size) => {
          at += 4 * size;
          return at;
        }),
      ];
    }),
    golden.window_index.flatMap((g) => [...g.window_index, ...g.cu_window_seqlens_unique]),
  );
  patchCheck(golden.patch_order, exact);
}

type Exact = (name: string, ours: number[], reference: number[]) => void;

/** Golden lists leave out their middles. */
function frameChecks(rows: Golden['smart_nframes'], exact: Exact): void {
  const ours: number[] = [];
  const reference: number[] = [];
  const refused: number[] = [];
  for (const { cfg, ...g } of rows) {
    const options = Object.fromEntries(
      Object.entries({
        fps: cfg.fps,
        nframes: cfg.nframes,
        minFrames: cfg.min_frames,
        maxFrames: cfg.max_frames,
      }).filter(([, value]) => value !== undefined),
    );
    let chosen: ReturnType<typeof chooseFrames> | null = null;
    try {
      chosen = chooseFrames(g.total, g.video_fps, options);
    } catch {
      // Upstream refuses some too.
    }
    refused.push(chosen ? 0 : 1);
    if (g.error || !chosen) continue;
    const { indices, sampleFps } = chosen;
    const shown = g.idx.includes('...') ? [...indices.slice(0, 6), ...indices.slice(-6)] : indices;
    ours.push(indices.length, Math.round(sampleFps * 1e9), Math.trunc(pixelBudget(indices.length).maxPixels), ...shown);
    const wanted = g.idx.filter((i): i is number => i !== '...');
    reference.push(g.nframes, Math.round(g.sample_fps * 1e9), g.video_max_pixels_default, ...wanted);
  }
  exact(
    'frames_refused',
    refused,
    rows.map((g) => (g.error ? 1 : 0)),
  );
  exact('frames', ours, reference);
}

function patchCheck(g: Golden['patch_order'], exact: Exact): void {
  scope(() => {
    const axis = (n: number, step: number, ...view: number[]) =>
      arange(0, n)
        .mul(step)
        .view(...view);
    const frames = axis(3, 1e6, 1, 3, 1, 1)
      .add(axis(g.T, 1e4, g.T, 1, 1, 1))
      .add(axis(g.H, 100, 1, 1, g.H, 1))
      .add(axis(g.W, 1, 1, 1, 1, g.W));
    const { patches } = patchify(frames, SHAPE);
    const first = patches.select(0, 0).toArray();
    const probes = Object.entries(g.row0_probe);
    exact(
      'patch_order',
      [...patches.select(1, 0).toArray(), ...probes.map(([column]) => first[Number(column)]!)],
      [...g.first_value_of_each_row, ...probes.map(([, value]) => value)],
    );
  });
}
