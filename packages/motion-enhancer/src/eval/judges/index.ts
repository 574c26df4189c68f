import { UserError } from '@motion-enhancer/support';
import { PARSERS, type ParserName } from '../parsers/index.js';
import { favorJudge, favorJudgeBefore } from './favor.js';
import { lettersOf, rightLetter } from './letters.js';
import type { AnswerJudge, JudgedQuestion, JudgeName } from './types.js';

export { lettersOf, rightLetter } from './letters.js';
export type { AnswerJudge, JudgedQuestion, JudgeName } from './types.js';

const JUDGES: Readonly<Record<JudgeName, AnswerJudge>> = {
  ...(Object.fromEntries(Object.values(PARSERS).map(({ name }) => [name, byParser(name)])) as Record<
    ParserName,
    AnswerJudge
  >),
  favor: {
    name: 'favor',
    description: 'the right option’s text occurs in the reply, and no other option that contains it does',
    source: 'FAVOR-Bench/FAVOR-Bench @ 62c7e0f inference_qa_qwen.py (since 2025-05-16)',
    parse: null,
    judge: favorJudge,
  },
  'favor-before': {
    name: 'favor-before',
    description: 'the right option’s text occurs in the reply',
    source: 'FAVOR-Bench/FAVOR-Bench before ce99cca inference_qa_qwen.py; MotionSight',
    parse: null,
    judge: favorJudgeBefore,
  },
  motionsight: {
    name: 'motionsight',
    description: 'the right letter occurs anywhere in the reply as a capital',
    source: 'NJU-PCALab/MotionSight @ 711ebbd eval/motionsight/eval_motionbench.py',
    parse: null,
    judge: (reply, question) => {
      const letter = rightLetter(question);
      return letter !== null && reply.includes(letter);
    },
  },
};

export const JUDGE_NAMES = Object.keys(JUDGES) as readonly JudgeName[];

/** @throws UserError naming the judges there are */
export function judgeOf(name: string): AnswerJudge {
  if (Object.hasOwn(JUDGES, name)) return JUDGES[name as JudgeName];
  throw new UserError(`Expected a judge (${JUDGE_NAMES.join(', ')}) but received "${name}". Choose one of them.`, {
    code: 'ERR_VALUE',
  });
}

function byParser(name: ParserName): AnswerJudge {
  const { description, source, parse } = PARSERS[name];
  const read = (reply: string, question: JudgedQuestion): string | null =>
    parse(reply, {
      options: lettersOf(question),
      ...(question.question === undefined ? {} : { question: question.question }),
    });
  return {
    name,
    description,
    source,
    parse: read,
    judge: (reply, question) => {
      const letter = read(reply, question);
      return letter !== null && letter === rightLetter(question);
    },
  };
}
