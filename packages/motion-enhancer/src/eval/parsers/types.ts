/** What a reply is read against. Nothing here tells a parser which answer is right, except where its authors' does. */
export interface ParseContext {
  /** In the order shown; letters as shown (`A`, `B`, …). */
  options: readonly { letter: string; text: string }[];
  question?: string;
}

/** A rule that reads the chosen option out of a model's reply. */
export interface AnswerParser {
  readonly name: ParserName;
  /** The rule in words. */
  readonly description: string;
  /** Upstream repository, commit and function that it follows; `ours` where it follows none. */
  readonly source: string;
  /** What the authors' function returns, literally (`T`, `*`, `d`, `Z`); empty where it finds nothing. */
  raw(reply: string, context: ParseContext): string;
  /** `raw` where that is the letter of an option, case included; null: unparsed, which counts as wrong. */
  parse(reply: string, context: ParseContext): string | null;
}

export const PARSER_NAMES = [
  'strict',
  'strict-2',
  'motionbench-polish',
  'videomme',
  'vlmevalkit-regex',
  'vlmevalkit-can-infer',
  'vlmevalkit-videomme',
  'vlmevalkit-motionbench',
  'lmms-motionbench',
  'lmms-mcq',
  'lmms-mcq-abcd',
  'lmms-first-char',
] as const;

export type ParserName = (typeof PARSER_NAMES)[number];
