export { type Interval, pairedBootstrap } from './bootstrap.js';
export { type AnswerComparison, type CompareOptions, compareAnswers } from './compare-answers.js';
export type { QuestionType, ScoreLayout } from './layout.js';
export { type McNemar, mcnemar } from './mcnemar.js';
export { type GradedAnswer, type ScoreOptions, type ScoreTable, scoreTable, type TypeScore } from './score-table.js';
export { type Proportion, proportion } from './wilson.js';
