import { videoMmeLetter } from '../../parsers/vlmevalkit.js';
import type { AnswerRecord } from '../../run/answer-record.js';

/** A question's reply, '' where there is none, and the right letter. */
export interface VideoMmeReply {
  duration: string;
  reply: string;
  answer: string;
}

/** What the authors' script prints, in percent: over replies with a letter. */
export interface VideoMmeAccuracy {
  durations: Record<string, number>;
  overall: number;
  /** Replies with a letter; the others are in no mean. */
  answered: number;
  questions: number;
}

/**
 * Video-MME's own numbers: a reply in which no letter is found is left out of the mean rather than counted as wrong. For
 * sound numbers use `scoreTable`.
 * Source: thanku-all/parse_answer @ afd52cf eval_your_results.py.
 */
export function officialVideoMme(replies: readonly VideoMmeReply[]): VideoMmeAccuracy {
  const read = replies.map(({ reply, ...rest }) => ({ ...rest, letter: videoMmeLetter(reply) }));
  const answered = read.filter(({ letter }) => letter !== '');
  const percent = (some: typeof answered): number =>
    some.length === 0 ? 0 : (100 * some.filter(({ letter, answer }) => letter === answer).length) / some.length;
  const durations = [...new Set(replies.map(({ duration }) => duration))];
  return {
    durations: Object.fromEntries(
      durations.map((one) => [one, percent(answered.filter(({ duration }) => duration === one))]),
    ),
    overall: percent(answered),
    answered: answered.length,
    questions: replies.length,
  };
}

/** The same of a run. */
export function officialVideoMmeOf(answers: ReadonlyMap<string, AnswerRecord>): VideoMmeAccuracy {
  return officialVideoMme(
    [...answers.values()].map(({ type, right, output }) => ({
      duration: type,
      answer: right ?? '',
      reply: output ?? '',
    })),
  );
}
