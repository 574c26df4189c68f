import type { ParserName } from '../parsers/types.js';

/** What a judge sees of a question. */
export interface JudgedQuestion {
  /** Texts without letters, in the order shown. */
  options: readonly string[];
  /** Letter of each option; by default A, B, C, …. */
  letters?: readonly string[];
  /** The full text of the right option. */
  correct: string;
  /** Its letter; by default that of the first option whose text it is. */
  answer?: string;
  question?: string;
}

export type JudgeName =
  | ParserName
  | 'favor' // since 2025-05-16 (ce99cca)
  | 'favor-before' // without the rule about longer options
  | 'motionsight'; // the right letter occurs anywhere in the reply

/** Whether a reply counts as right. Every parser is a judge too: right where it reads the right option's letter. */
export interface AnswerJudge {
  readonly name: JudgeName;
  readonly description: string;
  readonly source: string;
  /** The letter that it reads (null: unparsed, for the run's unparsed rate); null for judges that read no letter. */
  parse: ((reply: string, question: JudgedQuestion) => string | null) | null;
  judge(reply: string, question: JudgedQuestion): boolean;
}
