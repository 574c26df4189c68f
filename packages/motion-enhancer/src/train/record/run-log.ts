import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeText } from '@motion-enhancer/support';
import { EventFile } from './event-file.js';
import { type StepLog, stepScalars } from './step-log.js';

/** The record of a run: log.jsonl, the truth, and event files for TensorBoard beside it. */
export class RunLog {
  readonly path: string;
  /** Lines of the steps so far, earlier parts of the run included. */
  readonly steps: StepLog[];
  readonly #events: EventFile;

  /** @param step steps done: lines after it are of a part that was lost, and are taken out */
  constructor(run: string, step: number) {
    this.path = join(run, 'log.jsonl');
    this.steps = step > 0 && existsSync(this.path) ? linesUpTo(this.path, step) : [];
    writeText(this.path, this.steps.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const board = join(run, 'tensorboard');
    makeFolder(board);
    this.#events = new EventFile(board, step + 1);
  }

  add(entry: StepLog): void {
    this.steps.push(entry);
    appendFileSync(this.path, `${JSON.stringify(entry)}\n`);
    this.#events.scalars(entry.step, stepScalars(entry));
  }
}

/** A killed run may have left half a line. */
function linesUpTo(path: string, step: number): StepLog[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line): StepLog[] => {
      try {
        const entry = JSON.parse(line) as StepLog;
        return entry.step <= step ? [entry] : [];
      } catch {
        return [];
      }
    });
}
