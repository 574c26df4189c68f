import { dirname } from 'node:path';
import { lettered, listOf, objectOf, type Raw, textOf } from './fields.js';
import { MediaFinder } from './find-media.js';
import type { EvalQuestion, LoadedBenchmark } from './question.js';
import { findFile, RowCollector, readJsonLines } from './read-file.js';

/** The published names of the six types, as the paper's tables shorten them. */
export const MOTIONBENCH_TYPES: Readonly<Record<string, string>> = {
  'Motion Recognition': 'MR',
  'Location-related Motion': 'LM',
  'Camera Motion': 'CM',
  'Motion-related Objects': 'MO',
  'Action Order': 'AO',
  'Repetition Count': 'RC',
};

export type MotionBenchSplit = 'dev' | 'test' | 'all';

/**
 * MotionBench as published: video_info.meta.jsonl beside the two folders of videos. DEV has answers; TEST ("NA") is for
 * the leaderboard. Malformed rows (no stem, no options, an answer that is none of them) are those that lmms-eval drops
 * unsaid.
 * @throws UserError ERR_DATA
 */
export function loadMotionBench(data: string, split: MotionBenchSplit): LoadedBenchmark {
  const file = findFile(data, ['video_info.meta.jsonl', 'MotionBench/video_info.meta.jsonl'], 'MotionBench');
  const videos = new MediaFinder(dirname(file), ['self-collected', 'public-dataset', 'videos', '.']);
  const rows = new RowCollector();
  for (const { line, value, reason } of readJsonLines(file)) {
    if (reason !== undefined) {
      rows.bad.push({ line, reason });
      continue;
    }
    let list: readonly unknown[] = [];
    let video: Raw = {};
    rows.add(line, () => {
      video = objectOf(value);
      list = listOf(video, 'qa');
      return [];
    });
    for (const item of list) {
      const answer = (item as Raw | null)?.answer;
      const part = answer === 'NA' ? 'test' : 'dev';
      if (split !== 'all' && split !== part) continue;
      rows.count(MOTIONBENCH_TYPES[String(video.question_type)] ?? String(video.question_type));
      rows.add(line, () => [questionOf(video, objectOf(item), videos, line)]);
    }
  }
  return rows.end('motionbench', split, file);
}

function questionOf(video: Raw, qa: Raw, videos: MediaFinder, line: number): EvalQuestion {
  const id = textOf(qa, 'uid');
  try {
    const type = MOTIONBENCH_TYPES[textOf(video, 'question_type')];
    if (!type) throw new Error(`question_type ${JSON.stringify(video.question_type)} is none of the six`);
    const written = textOf(qa, 'question');
    const { stem, letters, options } = splitOptions(written);
    const answer = textOf(qa, 'answer');
    return {
      id,
      benchmark: 'motionbench',
      type,
      tags: typeof video.video_type === 'string' ? { video_type: video.video_type } : {},
      medium: { type: 'video', path: videos.find(textOf(video, 'video_path')) },
      question: stem,
      options,
      letters,
      written: { question: written },
      answer: answer === 'NA' ? null : lettered(letters, options, answer),
      subtitles: null,
      annotation: null,
      line,
    };
  } catch (error) {
    throw new Error(`${id}: ${(error as Error).message}`);
  }
}

const OPTION = /^\s*([A-H])[.)]\s*(.*)$/;

/**
 * "stem\nA. …\nB. …": an option's line begins with the letter that is next; other lines go on with what stands before.
 * @throws Error without a stem or with fewer than two options
 */
export function splitOptions(text: string): { stem: string; letters: string[]; options: string[] } {
  const stem: string[] = [];
  const letters: string[] = [];
  const options: string[] = [];
  for (const line of text.split('\n')) {
    const match = OPTION.exec(line);
    const next = String.fromCharCode('A'.charCodeAt(0) + letters.length);
    if (match && match[1] === next) {
      letters.push(next);
      options.push(match[2]!.trim());
    } else if (options.length > 0) options[options.length - 1] = `${options.at(-1)}\n${line}`.trim();
    else stem.push(line);
  }
  const question = stem.join('\n').trim();
  if (question === '') throw new Error('its question has no stem');
  if (options.length < 2) throw new Error(`its question has ${options.length} options`);
  if (options.includes('')) throw new Error('one of its options is empty');
  return { stem: question, letters, options };
}
