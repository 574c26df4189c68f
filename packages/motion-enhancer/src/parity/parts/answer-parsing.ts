import { judgeOf } from '../../eval/judges/index.js';
import { betterAnswer, PARSERS, type ParserName } from '../../eval/parsers/index.js';
import { compareCases } from '../compare-cases.js';
import { besideReference, readJson } from '../golden-file.js';
import type { ParityPart } from '../part.js';

const GOLDEN = 'goldens/answer_parsing.json';

/** The golden's columns of `parse`, and our parser of each. */
const COLUMNS: readonly (readonly [column: string, parser: ParserName])[] = [
  ['motionbench_polish', 'motionbench-polish'],
  ['vlmevalkit_videomme', 'vlmevalkit-regex'],
  ['vlmevalkit_can_infer', 'vlmevalkit-can-infer'],
  ['lmms_motionbench', 'lmms-motionbench'],
  ['lmms_mcq_ABCD', 'lmms-mcq-abcd'],
  ['lmms_mcq_default', 'lmms-mcq'],
  ['lmms_seedbench_first_char', 'lmms-first-char'],
];

interface Golden {
  choices_for_can_infer?: Record<string, string>;
  parse?: (Record<string, string | false> & { in: string })[];
  motionbench_get_better_one?: { new: string; old: string; out: string }[];
  favor_judge?: {
    correct: string;
    options: string[];
    output: string;
    judge_since_2025_05_16: boolean;
    judge_before: boolean;
  }[];
}

/** Parsers and judges against their authors' functions: one line each. */
export const answerParsingPart: ParityPart = {
  name: 'answer_parsing',
  needs: [],
  goldens: [GOLDEN],
  run(dir, { report }) {
    const golden = readJson(besideReference(dir, GOLDEN)!) as Golden;
    const options = Object.entries(golden.choices_for_can_infer ?? {}).map(([letter, text]) => ({ letter, text }));
    for (const [column, parser] of COLUMNS)
      compareCases(
        {
          name: `answer_parsing/${column}`,
          cases: golden.parse,
          ours: (row) => [PARSERS[parser].raw(row.in, { options })],
          reference: (row) => [row[column] || ''],
        },
        report,
      );
    compareCases(
      {
        name: 'answer_parsing/motionbench_get_better_one',
        cases: golden.motionbench_get_better_one,
        ours: (row) => [betterAnswer(row.new, row.old)],
        reference: ({ out }) => [out],
      },
      report,
    );
    for (const [judge, column] of [
      ['favor', 'judge_since_2025_05_16'],
      ['favor-before', 'judge_before'],
    ] as const)
      compareCases(
        {
          name: `answer_parsing/${column}`,
          cases: golden.favor_judge,
          ours: (row) => [Number(judgeOf(judge).judge(row.output, row))],
          reference: (row) => [Number(row[column])],
        },
        report,
      );
  },
};
