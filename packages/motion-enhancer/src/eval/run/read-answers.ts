import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAnswerLine } from './answer-line.js';
import type { AnswerRecord } from './answer-record.js';
import { regrade } from './regrade.js';
import { RUN_FILE, type RunFile, readRun } from './run-settings.js';

const NAME = /^answers(\.\d+-of-\d+)?\.jsonl$/;

/** What the answers of a run's folder amount to. */
export interface RunAnswers {
  /** By question, the last line of each. */
  answers: Map<string, AnswerRecord>;
  /** Lines that are damaged; the last line of a file, which a killed run may have left in part, is none of them. */
  damaged: number;
  /** Lines of format 1, which have no checksum: a changed byte of their replies goes unnoticed. */
  unchecked: number;
}

/** Answers of all files of a run's folder, the last one of each question. Lines that are damaged are passed over. */
export const readAnswers = (dir: string): Map<string, AnswerRecord> => readRunAnswers(dir).answers;

/**
 * The same with how many lines were damaged. Lines of format 1 have no checksum: they are graded anew, so that only a damaged
 * reply could go unnoticed.
 * @param run of the folder; by default as its run.json says @throws UserError ERR_RUN
 */
export function readRunAnswers(dir: string, run = runOf(dir)): RunAnswers {
  const answers = new Map<string, AnswerRecord>();
  let damaged = 0;
  let unchecked = 0;
  for (const name of existsSync(dir) ? readdirSync(dir).sort() : []) {
    if (!NAME.test(name)) continue;
    for (const line of wholeLines(readFileSync(join(dir, name))).lines) {
      const read = readAnswerLine(line);
      if (!read || (!read.checked && needsSums(run))) damaged++;
      else {
        if (!read.checked) unchecked++;
        answers.set(read.record.id, read.checked || !run ? read.record : regrade(read.record, run.settings.judge));
      }
    }
  }
  return { answers, damaged, unchecked };
}

/** Whether each line of a run has a checksum, so that one without is damaged. */
export const needsSums = (run: RunFile | null): boolean => (run?.format ?? 1) >= 2;

const runOf = (dir: string): RunFile | null => (existsSync(join(dir, RUN_FILE)) ? readRun(dir) : null);

/** Lines that end, blank ones left out, and how many bytes they have. */
export function wholeLines(bytes: Buffer): { lines: string[]; length: number } {
  const length = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes
    .toString('utf8', 0, length)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return { lines, length };
}
