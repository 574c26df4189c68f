import type { JudgeName } from '../judges/types.js';
import type { ParserName } from '../parsers/types.js';

/** A line of answers.jsonl: one question, all that is known of its answer. */
export interface AnswerRecord {
  id: string;
  type: string;
  tags: Readonly<Record<string, string>>;
  question: string;
  options: readonly string[];
  letters: readonly string[];
  /** Letter of the right option; null where it is hidden or is none of the options. */
  right: string | null;
  /** File of the video or image. */
  medium: string;
  /** sha256 of system text and prompt, the first 16 hex digits. */
  prompt: string;
  /** The reply as it came; null after an error and where nothing is generated. */
  output: string | null;
  /** Of the prompt, visual ones included, and of the reply. */
  tokens: { prompt: number; reply: number } | null;
  /** Loss of each option, where options are ranked. */
  losses?: readonly number[];
  /** The letter that each parser reads; null where it reads none. */
  parsed: Readonly<Partial<Record<ParserName, string | null>>>;
  /** What each judge says. */
  judged: Readonly<Partial<Record<JudgeName, boolean>>>;
  /** The letter that the run's own judge read, where it reads one. */
  chosen: string | null;
  /** The run's verdict; false after an error; null where the answer is hidden, and of captions. */
  correct: boolean | null;
  /** FAVOR's annotation, of captions: with it a run's folder can be scored by itself. */
  annotation?: unknown;
  /** When the frames that the model saw are shown, s. */
  frames: readonly number[];
  /** Picture of the frames, in the run's folder. */
  picture?: string;
  /** Its share of the time. */
  seconds: number;
  /** Why there is no answer. */
  error?: { code: string; message: string };
  at: string;
}
