/** A type of question and what its score divides by. */
export interface QuestionType {
  /** As the paper's tables abbreviate it. */
  key: string;
  /** As the benchmark's files write it. */
  name: string;
  /** Questions of the whole benchmark (MotionBench: of DEV). */
  total?: number;
}

/** Which lines a benchmark's table has. */
export interface ScoreLayout {
  types: readonly QuestionType[];
  /** Further lines, each pooled over some types. */
  groups?: readonly { key: string; name: string; types: readonly string[] }[];
}
