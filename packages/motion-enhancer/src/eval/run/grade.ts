import type { EvalQuestion } from '../benchmarks/question.js';
import { JUDGE_NAMES, type JudgedQuestion, type JudgeName, judgeOf } from '../judges/index.js';
import type { AnswerRecord } from './answer-record.js';

export type Grades = Pick<AnswerRecord, 'parsed' | 'judged' | 'chosen' | 'correct'>;

/** The letter of the right option; null where it is hidden or is none of them. */
export function rightLetterOf({ answer, options, letters }: EvalQuestion): string | null {
  const place = answer === null ? -1 : options.indexOf(answer);
  return place < 0 ? null : letters[place]!;
}

/** What every parser reads and every judge says of a reply. */
export function grade(question: EvalQuestion, output: string, judge: JudgeName): Grades {
  const right = rightLetterOf(question);
  const judgedQuestion: JudgedQuestion = {
    options: question.options,
    letters: question.letters,
    correct: question.answer ?? '',
    ...(right === null ? {} : { answer: right }),
    question: question.question,
  };
  const parsed: Record<string, string | null> = {};
  const judged: Record<string, boolean> = {};
  for (const name of JUDGE_NAMES) {
    const one = judgeOf(name);
    if (one.parse) parsed[name] = one.parse(output, judgedQuestion);
    if (question.answer !== null) judged[name] = one.judge(output, judgedQuestion);
  }
  return { parsed, judged, chosen: parsed[judge] ?? null, correct: judged[judge] ?? null };
}

/** Of an option that was chosen by its loss. */
export function gradeChoice(question: EvalQuestion, letter: string): Grades {
  const right = rightLetterOf(question);
  return { parsed: {}, judged: {}, chosen: letter, correct: question.answer === null ? null : letter === right };
}

/** Of a question that could not be asked: wrong, where there is anything to be right about. */
export function gradeFailure({ answer, options }: EvalQuestion): Grades {
  return { parsed: {}, judged: {}, chosen: null, correct: answer === null && options.length > 0 ? null : false };
}
