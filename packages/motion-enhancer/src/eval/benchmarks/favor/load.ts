import { objectOf, optionsOf, type Raw, textOf } from '../fields.js';
import type { MediaFinder } from '../find-media.js';
import { type EvalQuestion, LETTERS, type LoadedBenchmark } from '../question.js';
import { findFile, RowCollector, readJsonFile } from '../read-file.js';
import { bareName, favorVideos } from './videos.js';

/** FAVOR's six types; files have the short names, descriptions the long ones. */
export const FAVOR_TYPES: Readonly<Record<string, string>> = {
  AS: 'AS',
  'Action Sequence': 'AS',
  HAC: 'HAC',
  'Holistic Action Classification': 'HAC',
  SAD: 'SAD',
  'Single Action Detail': 'SAD',
  MAD: 'MAD',
  'Multiple Action Detail': 'MAD',
  'Multiple Action Details': 'MAD',
  CM: 'CM',
  'Camera Motion': 'CM',
  NSM: 'NSM',
  'Non-Subject Motion': 'NSM',
};

/**
 * FAVOR-Bench's closed questions: question_perspective.json (a flat list) or video_perspective.json (a video with its
 * questions, which are numbered from 1 as in the other file).
 * @throws UserError ERR_DATA
 */
export function loadFavor(data: string): LoadedBenchmark {
  const file = findFile(data, ['question_perspective.json', 'video_perspective.json'], 'FAVOR-Bench');
  const content = readJsonFile(file);
  const videos = favorVideos(file);
  const rows = new RowCollector();
  const count = (row: unknown) => {
    const type = String((row as Raw | null)?.task_type);
    rows.count(FAVOR_TYPES[type] ?? type);
  };
  let line = 0;
  for (const item of Array.isArray(content) ? content : [content]) {
    line++;
    const nested = (item as Raw | null)?.questions;
    if (!Array.isArray(nested)) {
      count(item);
      rows.add(line, () => [flat(objectOf(item), videos, line)]);
      continue;
    }
    for (const [i, one] of nested.entries()) {
      count(one);
      rows.add(line, () => {
        const video = textOf(item as Raw, 'video_name');
        return [questionOf(`${bareName(video)}_${i + 1}`, video, objectOf(one), videos, line)];
      });
    }
  }
  const loaded = rows.end('favor', 'all', file);
  // The authors' judge needs the text alone; judges of letters count such a question as wrong.
  const odd = loaded.questions.filter(({ options, answer }) => !options.includes(answer!));
  if (odd.length > 0)
    loaded.notes.push(
      `the right answer of ${odd.length} questions is none of its options: ${odd
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}`,
    );
  return loaded;
}

function flat(row: Raw, videos: MediaFinder, line: number): EvalQuestion {
  return questionOf(textOf(row, 'question_key'), textOf(row, 'video_name'), row, videos, line);
}

function questionOf(id: string, video: string, row: Raw, videos: MediaFinder, line: number): EvalQuestion {
  try {
    const options = optionsOf(row, 'options');
    const answer = textOf(row, 'correct_answer');
    const type = FAVOR_TYPES[textOf(row, 'task_type')];
    if (!type) throw new Error(`task_type ${JSON.stringify(row.task_type)} is none of the six`);
    return {
      id,
      benchmark: 'favor',
      type,
      tags: {},
      medium: { type: 'video', path: videos.find(bareName(video), ['.mp4', '']) },
      question: textOf(row, 'question'),
      options,
      letters: LETTERS.slice(0, options.length),
      answer,
      subtitles: null,
      annotation: null,
      line,
    };
  } catch (error) {
    throw new Error(`${id}: ${(error as Error).message}`);
  }
}
