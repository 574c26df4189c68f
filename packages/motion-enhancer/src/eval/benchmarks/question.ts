import type { BadRow } from '../../data/rows.js';

/** What a question is about. Paths need no folder before them. */
export type EvalMedium =
  | { type: 'image'; path: string }
  | { type: 'video'; path: string; start?: number; end?: number /* seconds */ }
  /** A video as its authors cut it: a picture a frame. */
  | { type: 'frames'; paths: readonly string[] };

/** A question of any benchmark; of FAVOR's captions one a video, without options. */
export interface EvalQuestion {
  /** Unique within the benchmark: MotionBench's uid, FAVOR's question_key, SEED-Bench's and Video-MME's question_id. */
  id: string;
  benchmark: string;
  /** Type of question, by which accuracies are reported; the names are the benchmark's own. */
  type: string;
  /** Further groups of questions, by name: Video-MME's domain, sub_category and task_type. */
  tags: Readonly<Record<string, string>>;
  medium: EvalMedium;
  /** Without the options. */
  question: string;
  /** Texts without letters. */
  options: readonly string[];
  /** Letter of each option. */
  letters: readonly string[];
  /** As the file has it, for prompts that quote it: MotionBench's question with its options, Video-MME's options. */
  written?: { question?: string; options?: readonly string[] };
  /** Full text of the right option; null where the authors do not publish it (MotionBench's TEST) and for captions. */
  answer: string | null;
  /** File of the video's subtitles, where there is one. */
  subtitles: string | null;
  /** FAVOR's annotation, which captions are compared with. */
  annotation: unknown;
  /** 1-based place in the data file. */
  line: number;
}

/** A benchmark's file, read whole: every published row is among `questions` or `bad`. */
export interface LoadedBenchmark {
  benchmark: string;
  /** The part that was loaded: MotionBench's dev or test. */
  split: string;
  file: string;
  questions: EvalQuestion[];
  bad: BadRow[];
  /** Published rows of each type, the malformed ones included where they say their type. */
  counts: Readonly<Record<string, number>>;
  /** What differs from what is known, and was let through. */
  notes: string[];
}

export const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'] as const;

/** Questions with the same key see the same pixels: their visual features are computed once. */
export function mediumKey(medium: EvalMedium): string {
  if (medium.type === 'frames') return `frames:${medium.paths.join('\n')}`;
  return medium.type === 'image'
    ? `image:${medium.path}`
    : `video:${medium.path}:${medium.start ?? ''}:${medium.end ?? ''}`;
}

/** The file of a medium, or the first of its pictures, for messages. */
export function mediumPath(medium: EvalMedium): string {
  return medium.type === 'frames' ? (medium.paths[0] ?? '') : medium.path;
}
