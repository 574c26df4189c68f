import { UserError } from '@motion-enhancer/support';
import { readJsonLines } from '../benchmarks/read-file.js';
import {
  type MotionBenchAccuracy,
  type MotionBenchLine,
  officialMotionBench,
  officialVideoMme,
  submissionLetters,
  type VideoMmeAccuracy,
} from '../metrics/index.js';
import type { RunScore } from './score-run.js';

/** What the authors' own script would print of a run's replies, quirks included; or why it would not. */
export function officialAccuracy({
  run,
  answers,
}: RunScore): MotionBenchAccuracy | VideoMmeAccuracy | { refused: string } | null {
  if (run.settings.benchmark === 'videomme' && run.settings.judge !== null)
    return officialVideoMme(
      [...answers.values()].map(({ type, right, output }) => ({
        duration: type,
        answer: right ?? '',
        reply: output ?? '',
      })),
    );
  if (run.settings.benchmark !== 'motionbench' || run.settings.judge === null) return null;
  try {
    const lines = readJsonLines(run.data.file).flatMap(({ value }) => {
      const line = value as MotionBenchLine | undefined;
      return Array.isArray(line?.qa) ? [line!] : [];
    });
    const replies = [...answers.values()].flatMap(({ id, output }) => (output === null ? [] : [[id, output] as const]));
    return officialMotionBench(submissionLetters(replies), lines);
  } catch (error) {
    if (error instanceof UserError) return { refused: error.message };
    throw error;
  }
}
