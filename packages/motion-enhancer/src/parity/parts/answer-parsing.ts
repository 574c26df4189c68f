import { judgeOf } from '../../eval/judges/index.js';
import { betterAnswer, PARSERS, type ParserName } from '../../eval/parsers/index.js';
import { compareExact } from '../compare.js';
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
  choices_for_can_infer: Record<string, string>;
  parse: (Record<string, string | false> & { in: string })[];
  motionbench_get_better_one: { new: string; old: string; out: string }[];
  favor_judge: {
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
    const golden = readJson(besideReference(dir, GOLDEN)!) as unknown as Golden;
    const options = Object.entries(golden.choices_for_can_infer).map(([letter, text]) => ({ letter, text }));
    for (const [column, parser] of COLUMNS)
      report(
        compareExact(
          `answer_parsing/${column}`,
          golden.parse.map((row) => PARSERS[parser].raw(row.in, { options })),
          golden.parse.map((row) => row[column] || ''),
        ),
      );
    report(
      compareExact(
        'answer_parsing/motionbench_get_better_one',
        golden.motionbench_get_better_one.map((row) => betterAnswer(row.new, row.old)),
        golden.motionbench_get_better_one.map(({ out }) => out),
      ),
    );
    for (const [judge, column] of [
      ['favor', 'judge_since_2025_05_16'],
      ['favor-before', 'judge_before'],
    ] as const)
      report(
        compareExact(
          `answer_parsing/${column}`,
          golden.favor_judge.map((row) => Number(judgeOf(judge).judge(row.output, row))),
          golden.favor_judge.map((row) => Number(row[column])),
        ),
      );
  },
};
