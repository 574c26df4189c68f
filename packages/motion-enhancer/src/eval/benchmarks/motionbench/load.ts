import { dirname } from 'node:path';
import { lettered, listOf, objectOf, type Raw, textOf } from '../fields.js';
import { MediaFinder } from '../find-media.js';
import type { EvalQuestion, LoadedBenchmark } from '../question.js';
import { findFile, RowCollector, readJsonLines } from '../read-file.js';

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
  const loaded = rows.end('motionbench', split, file);
  const otherwise = loaded.questions.filter(({ written, options }) => {
    const theirs = splitAsLmmsEval(written!.question!).options.map(({ text }) => text);
    return theirs.join('\n') !== options.map((option) => option.split(/\s+/).join(' ')).join('\n');
  });
  if (otherwise.length > 0)
    loaded.notes.push(`lmms-eval splits the options of ${otherwise.length} questions otherwise or drops them`);
  return loaded;
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

/** An option as lmms-eval finds it: up to the next line of a letter, a full stop and a blank. */
const LMMS_OPTION = /(?:^|\n)\s*([A-F])\.\s*([\s\S]+?)(?=\n\s*[A-F]\.\s|$)/g;

/**
 * The same as lmms-eval splits it: it takes "A.yes" without a blank for no option's start, and an empty option swallows
 * the next one.
 * Source: EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/motionbench/utils.py; golden values.
 */
export function splitAsLmmsEval(text: string): { stem: string; options: { label: string; text: string }[] } {
  const found = [...text.matchAll(LMMS_OPTION)];
  const plain = (part: string) => part.split(/\s+/).filter(Boolean).join(' ');
  return {
    stem: text.slice(0, found[0]?.index ?? text.length).trim(),
    options: found.map((match) => ({ label: match[1]!, text: plain(match[2]!) })),
  };
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
