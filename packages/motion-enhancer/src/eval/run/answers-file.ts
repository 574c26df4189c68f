import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Claim,
  refreshClaim,
  releaseClaim,
  takeClaim,
  UserError,
  writeText,
  writeWhole,
} from '@motion-enhancer/support';
import { answerLine } from './answer-line.js';
import type { AnswerRecord } from './answer-record.js';
import { wholeLines } from './read-answers.js';

/** Name of a shard's file; `i/n` or ''. */
export const answersName = (shard: string): string =>
  shard === '' ? 'answers.jsonl' : `answers.${shard.replace('/', '-of-')}.jsonl`;

/** Name of the claim of a shard's file. */
export const answersClaim = (shard: string): string => `.${answersName(shard)}.claim`;

/** Whether a line of a run's file stays in it. */
export type KeepLine = (line: string) => boolean;

/** A shard's file, to which answers are appended. What a killed run left of a line is cut off, as are lines not to be kept. */
export class AnswersFile {
  readonly path: string;
  readonly #fd: number;
  readonly #claim: Claim;
  #length: number;

  /** @throws UserError ERR_WRITE; ERR_RUN where a living process writes to it */
  constructor(dir: string, shard: string, keep: KeepLine = () => true) {
    this.path = join(dir, answersName(shard));
    const claim = takeClaim(dir, answersName(shard));
    if (!claim)
      throw new UserError(
        `Another process is writing to ${this.path}. Wait for its end, or give each process a --shard of its own.`,
        { code: 'ERR_RUN' },
      );
    this.#claim = claim;
    try {
      dropLines(this.path, keep);
      this.#fd = openSync(this.path, existsSync(this.path) ? 'r+' : 'w+', 0o644);
    } catch (cause) {
      releaseClaim(claim);
      throw new UserError(`Could not open ${this.path}: ${(cause as Error).message}. Choose another --out.`, {
        code: 'ERR_WRITE',
        cause,
      });
    }
    this.#length = wholeLines(readFileSync(this.path)).length;
    ftruncateSync(this.#fd, this.#length);
  }

  /** Appends lines with one write: another process sees whole ones. @throws UserError ERR_WRITE, the file as it was */
  append(records: readonly AnswerRecord[]): void {
    if (records.length === 0) return;
    const text = records.map(answerLine).join('');
    const bytes = Buffer.byteLength(text);
    try {
      writeWhole(this.#fd, text, this.#length);
      this.#length += bytes;
      refreshClaim(this.#claim);
    } catch (cause) {
      ftruncateSync(this.#fd, this.#length);
      const { bavail, bsize } = statfsSync(dirname(this.path));
      const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      throw new UserError(
        `Could not write ${this.path}: ${full ? `the disk is full. It needs ${bytes} bytes; ${bavail * bsize} bytes are free` : (cause as Error).message}. Free space and run the same command again: it goes on where it stopped.`,
        { code: 'ERR_WRITE', cause },
      );
    }
  }

  close(): void {
    closeSync(this.#fd);
    releaseClaim(this.#claim);
  }
}

/** Writes the file anew without the lines that are not to be kept; where there is none, it stays as it is. */
function dropLines(path: string, keep: KeepLine): void {
  if (!existsSync(path)) return;
  const { lines } = wholeLines(readFileSync(path));
  const kept = lines.filter(keep);
  if (kept.length < lines.length) writeText(path, kept.map((line) => `${line}\n`).join(''));
}
