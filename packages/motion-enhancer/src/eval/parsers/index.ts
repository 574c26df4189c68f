import { UserError } from '@motion-enhancer/support';
import { firstCharacter, mcqAnswer, motionBenchLetter } from './lmms.js';
import { polishAnswer } from './motionbench.js';
import { strictAnswer } from './strict.js';
import { strictAnswer2 } from './strict-2.js';
import { type AnswerParser, PARSER_NAMES, type ParseContext, type ParserName } from './types.js';
import { canInfer, firstCapitalLetter, forkMotionBenchAnswer, videoMmeAnswer, videoMmeLetter } from './vlmevalkit.js';

export { betterAnswer } from './motionbench.js';
export { type AnswerParser, PARSER_NAMES, type ParseContext, type ParserName } from './types.js';

const MOTIONBENCH = 'THUDM/MotionBench @ dcc9b07';
const VLMEVALKIT = 'open-compass/VLMEvalKit @ e8e78f0';
const LMMS = 'EvolvingLMMs-Lab/lmms-eval @ 75571cf';

/** Every parser by name, in the order in which tables list them. */
export const PARSERS: Readonly<Record<ParserName, AnswerParser>> = {
  strict: parser('strict', 'ours', strictAnswer, {
    rule: 'a letter at the start that is marked as one, "answer is X", or the text of exactly one option; two answers are none',
  }),
  'strict-2': parser('strict-2', 'ours', strictAnswer2, {
    rule: 'strict, and usual forms: <answer>, \\boxed, **Answer:**, "Option B", 答案是; where a form marks the final answer, that alone',
  }),
  'motionbench-polish': parser('motionbench-polish', `${MOTIONBENCH} motionbench/utils/answer_util.py`, polishAnswer, {
    rule: 'the first character of the first word, of what stands before ")" and after "("',
  }),
  videomme: parser('videomme', 'thanku-all/parse_answer @ afd52cf eval_your_results.py', videoMmeLetter, {
    rule: 'without some prefixes, the first of the capital letters A–D anywhere',
  }),
  'vlmevalkit-regex': parser(
    'vlmevalkit-regex',
    `${VLMEVALKIT} vlmeval/dataset/utils/videomme.py`,
    firstCapitalLetter,
    {
      rule: 'without some prefixes, the first of the capital letters A–D anywhere',
    },
  ),
  'vlmevalkit-can-infer': parser(
    'vlmevalkit-can-infer',
    `${VLMEVALKIT} vlmeval/utils/matching_util.py`,
    (reply, { options }) => canInfer(reply, options),
    {
      rule: 'the only option letter among the words, if among the last five; else "answer is X"; else the only option text of a short reply',
    },
  ),
  'vlmevalkit-videomme': parser('vlmevalkit-videomme', `${VLMEVALKIT} vlmeval/dataset/videomme.py`, videoMmeAnswer, {
    rule: 'vlmevalkit-regex, else vlmevalkit-can-infer without options, else none',
  }),
  'vlmevalkit-motionbench': parser('vlmevalkit-motionbench', 'forks of VLMEvalKit', forkMotionBenchAnswer, {
    rule: 'a leading letter A–D that no letter or digit follows; else "X." or "X)"; else X as a word',
  }),
  'lmms-motionbench': parser('lmms-motionbench', `${LMMS} lmms_eval/tasks/motionbench/utils.py`, motionBenchLetter, {
    rule: 'after </think>, in capitals, without five prefixes: A–F as a word, else before ".):", else anywhere',
  }),
  'lmms-mcq': parser(
    'lmms-mcq',
    `${LMMS} lmms_eval/tasks/_task_utils/mcq_extract.py`,
    (reply) => mcqAnswer(reply, [...'ABCDEFGH']),
    { rule: 'A–H by the weight of where they stand: start, end, after a phrase, (X), X., X:, X), "X "; later wins' },
  ),
  'lmms-mcq-abcd': parser(
    'lmms-mcq-abcd',
    `${LMMS} lmms_eval/tasks/videomme/utils.py`,
    (reply) => mcqAnswer(reply, [...'ABCD']),
    { rule: 'lmms-mcq with A–D only' },
  ),
  'lmms-first-char': parser('lmms-first-char', `${LMMS} lmms_eval/tasks/seedbench/utils.py`, firstCharacter, {
    rule: 'the first character, in any case',
  }),
};

/** @throws UserError naming the parsers there are */
export function parserOf(name: string): AnswerParser {
  if (Object.hasOwn(PARSERS, name)) return PARSERS[name as ParserName];
  throw new UserError(`Expected a parser (${PARSER_NAMES.join(', ')}) but received "${name}". Choose one of them.`, {
    code: 'ERR_VALUE',
  });
}

function parser(
  name: ParserName,
  source: string,
  raw: (reply: string, context: ParseContext) => string,
  { rule }: { rule: string },
): AnswerParser {
  return {
    name,
    description: rule,
    source,
    raw,
    parse(reply, context) {
      const found = raw(reply, context);
      return context.options.some(({ letter }) => letter === found) ? found : null;
    },
  };
}
