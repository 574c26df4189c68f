import { closeSync, existsSync, ftruncateSync, openSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Claim, refreshClaim, releaseClaim, takeClaim, UserError, writeWhole } from '@motion-enhancer/support';
import type { AnswerRecord } from './answer-record.js';

const NAME = /^answers(\.\d+-of-\d+)?\.jsonl$/;

/** Name of a shard's file; `i/n` or ''. */
export const answersName = (shard: string): string =>
  shard === '' ? 'answers.jsonl' : `answers.${shard.replace('/', '-of-')}.jsonl`;

/** Answers of all files of a run's folder, the last one of each question. Lines that are not whole are passed over. */
export function readAnswers(dir: string): Map<string, AnswerRecord> {
  const records = new Map<string, AnswerRecord>();
  if (!existsSync(dir)) return records;
  for (const name of readdirSync(dir)
    .filter((one) => NAME.test(one))
    .sort()) {
    for (const record of wholeLines(readFileSync(join(dir, name))).records) records.set(record.id, record);
  }
  return records;
}

/** A shard's file, to which answers are appended. What a killed run left of a line is cut off. */
export class AnswersFile {
  readonly path: string;
  readonly #fd: number;
  readonly #claim: Claim;
  #length: number;

  /** @throws UserError ERR_WRITE; ERR_RUN where a living process writes to it */
  constructor(dir: string, shard: string) {
    this.path = join(dir, answersName(shard));
    const claim = takeClaim(dir, answersName(shard));
    if (!claim)
      throw new UserError(
        `Another process is writing to ${this.path}. Wait for its end, or give each process a --shard of its own.`,
        { code: 'ERR_RUN' },
      );
    this.#claim = claim;
    try {
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
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
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

/** The records of whole lines, and how many bytes lines that end have. */
function wholeLines(bytes: Buffer): { records: AnswerRecord[]; length: number } {
  const length = bytes.lastIndexOf(0x0a) + 1;
  const records = bytes
    .toString('utf8', 0, length)
    .split('\n')
    .flatMap((line): AnswerRecord[] => {
      try {
        const record = JSON.parse(line) as AnswerRecord;
        return typeof record?.id === 'string' ? [record] : [];
      } catch {
        return [];
      }
    });
  return { records, length };
}
