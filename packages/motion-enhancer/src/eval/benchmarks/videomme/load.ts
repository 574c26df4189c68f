import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readParquet } from '../../../data/rows/read-parquet.js';
import { lettered, objectOf, optionsOf, type Raw, textOf } from '../fields.js';
import { MediaFinder } from '../find-media.js';
import { type EvalQuestion, LETTERS, type LoadedBenchmark } from '../question.js';
import { findFile, RowCollector, readJsonFile } from '../read-file.js';

const FILES = [
  'videomme/test-00000-of-00001.parquet',
  'test-00000-of-00001.parquet',
  'videomme.json',
  'Video-MME.json',
  'video_mme.json',
];
/** The three lengths of videos, by which scores are reported. */
export const VIDEOMME_TYPES = ['short', 'medium', 'long'] as const;

/** Columns of a row, whichever file it is from. */
interface Row {
  video: Raw;
  question: Raw;
  line: number;
}

/**
 * Video-MME: the parquet file of Hugging Face, or the authors' JSON (a video with its questions); videos in `data/`,
 * subtitles in `subtitle/`.
 * @throws UserError ERR_DATA
 */
export async function loadVideoMme(data: string): Promise<LoadedBenchmark> {
  const file = findFile(data, FILES, 'Video-MME');
  const root = existsSync(join(dirname(file), 'data')) ? dirname(file) : dirname(dirname(file));
  const videos = new MediaFinder(root, ['data', 'videos', 'video', 'videomme/data', '.']);
  const subtitles = new MediaFinder(root, ['subtitle', 'subtitles', 'videomme/subtitle']);
  const rows = new RowCollector();
  for (const { video, question, line } of file.endsWith('.parquet') ? await parquetRows(file) : jsonRows(file)) {
    rows.count(String(video?.duration));
    rows.add(line, () => [questionOf(objectOf(video), objectOf(question), videos, subtitles, line)]);
  }
  return rows.end('videomme', 'all', file);
}

async function parquetRows(file: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of readParquet(file)) rows.push({ video: row, question: row, line: rows.length + 1 });
  return rows;
}

function jsonRows(file: string): Row[] {
  const content = readJsonFile(file);
  return (Array.isArray(content) ? content : []).flatMap((video: Raw | null, i): Row[] => {
    const questions = video?.questions;
    const list = Array.isArray(questions) ? (questions as Raw[]) : [video as Raw];
    return list.map((question) => ({ video: video as Raw, question, line: i + 1 }));
  });
}

/** "A. text" */
const OPTION = /^\s*([A-H])[.)]\s*([\s\S]*)$/;

function questionOf(video: Raw, row: Raw, videos: MediaFinder, srt: MediaFinder, line: number): EvalQuestion {
  const id = textOf(row, 'question_id');
  try {
    const duration = textOf(video, 'duration');
    if (!(VIDEOMME_TYPES as readonly string[]).includes(duration))
      throw new Error(`duration ${JSON.stringify(duration)} is none of ${VIDEOMME_TYPES.join(', ')}`);
    const given = optionsOf(row, 'options');
    const letters = LETTERS.slice(0, given.length);
    const options = given.map((option, i) => {
      const match = OPTION.exec(option);
      return match && match[1] === letters[i] ? match[2]!.trim() : option;
    });
    const name = nameOf(video);
    const subtitle = srt.find(name, ['.srt']);
    const tags = Object.fromEntries(
      (['domain', 'sub_category', 'task_type'] as const).flatMap((field) => {
        const value = row[field] ?? video[field];
        return typeof value === 'string' ? [[field, value]] : [];
      }),
    );
    return {
      id,
      benchmark: 'videomme',
      type: duration,
      tags,
      medium: { type: 'video', path: videos.find(name, ['.mp4', '.MP4', '.mkv']) },
      question: textOf(row, 'question'),
      options,
      letters,
      written: { options: given },
      answer: lettered(letters, options, textOf(row, 'answer')),
      subtitles: existsSync(subtitle) ? subtitle : null,
      annotation: null,
      line,
    };
  } catch (error) {
    throw new Error(`${id}: ${(error as Error).message}`);
  }
}

/** Files are named by YouTube's id: `videoID` in the parquet file, the end of `url` or `video_id` in JSON. */
function nameOf(video: Raw): string {
  if (typeof video.videoID === 'string') return video.videoID;
  const match = typeof video.url === 'string' ? /(?:v=|youtu\.be\/)([\w-]+)/.exec(video.url) : null;
  return match ? match[1]! : textOf(video, 'video_id');
}
