import type { UserError } from '@motion-enhancer/support';
import { type EvalQuestion, mediumPath } from '../benchmarks/question.js';
import type { AnswerRecord } from './answer-record.js';
import { gradeFailure, rightLetterOf } from './grade.js';

/** A question's line, with what is known of its answer. */
export function recordOf(question: EvalQuestion, known: Partial<AnswerRecord>): AnswerRecord {
  const { id, type, tags, options, letters, medium } = question;
  return {
    id,
    type,
    tags,
    question: question.question,
    options,
    letters,
    right: rightLetterOf(question),
    medium: mediumPath(medium),
    prompt: '',
    output: null,
    tokens: null,
    parsed: {},
    judged: {},
    chosen: null,
    correct: null,
    ...(question.annotation ? { annotation: question.annotation } : {}),
    frames: [],
    seconds: 0,
    ...known,
    at: new Date().toISOString(),
  };
}

/** What is known of a question that could not be answered: it counts as wrong. */
export function failureOf(question: EvalQuestion, { code, message }: UserError): Partial<AnswerRecord> {
  return { ...gradeFailure(question), error: { code: code ?? 'ERR', message } };
}
