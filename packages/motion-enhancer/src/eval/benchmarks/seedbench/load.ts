import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { idOf, lettered, listOf, objectOf, type Raw, textOf } from '../fields.js';
import { MediaFinder } from '../find-media.js';
import { type EvalMedium, type EvalQuestion, LETTERS, type LoadedBenchmark } from '../question.js';
import { findFile, RowCollector, readJsonFile } from '../read-file.js';
import { SEED_TYPES } from './types.js';

export type SeedSplit = 'all' | 'image' | 'video';

const IMAGE_FOLDERS = ['SEED-Bench-image', 'seed_bench_image', 'images', 'image', '.'];
/** Folders of the three sources of videos: as the authors' eval.py names them, or beside the questions. */
const VIDEO_FOLDERS: Readonly<Record<number, readonly string[]>> = {
  10: ['SSV2/videos', '20bn-something-something-v2', 'videos/20bn-something-something-v2', 'videos', '.'],
  11: ['EPIC-KITCHENS', 'EPIC-KITCHENS/3h91syskeag572hl6tvuovwv4d/videos/test', 'videos/EPIC-KITCHENS', 'videos', '.'],
  12: ['BreakfastII_15fps_qvga_sync', 'videos/BreakfastII_15fps_qvga_sync', 'videos', '.'],
};
/** Folders in the authors' v1_video.zip: eight pictures a question. */
const FRAME_FOLDERS: Readonly<Record<number, string>> = {
  10: 'ssv2_8_frame',
  11: 'kitchen_8_frame',
  12: 'breakfast_8_frame',
};
const FRAMES = 8;
/** Segments of Breakfast count frames at this rate. */
const BREAKFAST_FPS = 15;

/**
 * SEED-Bench (v1): SEED-Bench.json with its images, and for video questions the authors' eight frames (v1_video) where they
 * are, else the videos and their segments.
 * @throws UserError ERR_DATA
 */
export function loadSeedBench(data: string, split: SeedSplit): LoadedBenchmark {
  const file = findFile(data, ['SEED-Bench.json'], 'SEED-Bench');
  const content = readJsonFile(file) as Raw | null;
  const list: unknown = Array.isArray(content) ? content : content?.questions;
  const root = dirname(file);
  const images = new MediaFinder(root, IMAGE_FOLDERS);
  const videos = new Map(
    Object.entries(VIDEO_FOLDERS).map(([type, folders]) => [Number(type), new MediaFinder(root, folders)]),
  );
  const rows = new RowCollector();
  for (const [i, item] of (Array.isArray(list) ? list : []).entries()) {
    const kind = (item as Raw | null)?.data_type === 'video' ? 'video' : 'image';
    if (split !== 'all' && split !== kind) continue;
    rows.count(typeName((item as Raw | null)?.question_type_id));
    rows.add(i + 1, () => [questionOf(objectOf(item), root, images, videos, i + 1)]);
  }
  return rows.end('seedbench', split, file);
}

const typeName = (id: unknown): string => SEED_TYPES[Number(id) - 1] ?? `type ${String(id)}`;

function questionOf(
  row: Raw,
  root: string,
  images: MediaFinder,
  videos: ReadonlyMap<number, MediaFinder>,
  line: number,
): EvalQuestion {
  const id = idOf(row, 'question_id');
  try {
    const type = Number(row.question_type_id);
    if (!SEED_TYPES[type - 1])
      throw new Error(`question_type_id ${JSON.stringify(row.question_type_id)} is not 1 to 12`);
    const kind = textOf(row, 'data_type');
    if ((kind === 'video') !== type >= 10 || (kind !== 'video' && kind !== 'image'))
      throw new Error(`data_type ${JSON.stringify(kind)} does not fit question type ${type}`);
    // Some choices are numbers.
    const options = (['choice_a', 'choice_b', 'choice_c', 'choice_d'] as const).map((field) => idOf(row, field));
    const letters = LETTERS.slice(0, options.length);
    return {
      id,
      benchmark: 'seedbench',
      type: typeName(type),
      tags: { data_type: kind },
      medium:
        kind === 'image'
          ? { type: 'image', path: images.find(textOf(row, 'data_id'), ['', '.jpg', '.png']) }
          : videoOf(row, id, type, root, videos),
      question: textOf(row, 'question'),
      options,
      letters,
      answer: lettered(letters, options, textOf(row, 'answer')),
      subtitles: null,
      annotation: null,
      line,
    };
  } catch (error) {
    throw new Error(`${id}: ${(error as Error).message}`);
  }
}

function videoOf(
  row: Raw,
  id: string,
  type: number,
  root: string,
  videos: ReadonlyMap<number, MediaFinder>,
): EvalMedium {
  for (const base of ['v1_video', 'SEED-Bench-video-image/v1_video', '.']) {
    const folder = join(root, base, `task${type}`, FRAME_FOLDERS[type]!, id);
    const paths = Array.from({ length: FRAMES }, (_, i) => join(folder, `${i + 1}.png`));
    if (existsSync(paths[0]!)) return { type: 'frames', paths };
  }
  const path = videos.get(type)!.find(textOf(row, 'data_id'));
  if (row.segment === undefined || row.segment === null) {
    if (type > 10) throw new Error('it has no segment');
    return { type: 'video', path };
  }
  const [start, end] = listOf(row, 'segment').map(Number);
  if (!(start! >= 0 && end! > start!)) throw new Error(`its segment ${JSON.stringify(row.segment)} is none`);
  const rate = type === 12 ? BREAKFAST_FPS : 1;
  return { type: 'video', path, start: start! / rate, end: end! / rate };
}
