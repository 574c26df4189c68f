import { crc32c } from '@motion-enhancer/support';
import type { AnswerRecord } from './answer-record.js';

/**
 * A line of answers.jsonl: the record, and at its end the CRC-32C of the record's own JSON
 * (docs/decisions/2026-11-30-damage-in-evaluations.md).
 */
export function answerLine(record: AnswerRecord): string {
  const text = JSON.stringify(record);
  return `${text.slice(0, -1)}${MARK}${sumOf(text)}"}\n`;
}

const MARK = ',"crc32c":"';
const END = /,"crc32c":"([0-9a-f]{8})"\}$/;

/** `checked`: its sum is right; without one it is a line of format 1. */
export interface AnswerLine {
  record: AnswerRecord;
  checked: boolean;
}

/** null where the line is none, its sum is wrong, or fields that are read are absent or of another kind. */
export function readAnswerLine(line: string): AnswerLine | null {
  const sum = END.exec(line);
  const text = sum ? `${line.slice(0, sum.index)}}` : line;
  if (sum && sum[1] !== sumOf(text)) return null;
  try {
    const record = JSON.parse(text) as unknown;
    return isRecord(record) ? { record, checked: sum !== null } : null;
  } catch {
    return null;
  }
}

const sumOf = (text: string): string => crc32c(Buffer.from(text)).toString(16).padStart(8, '0');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'number');

/** Every field that anything reads. */
const FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: isText,
  type: isText,
  tags: isObject,
  question: isText,
  options: isTexts,
  letters: isTexts,
  right: isTextOrNull,
  medium: isText,
  output: isTextOrNull,
  parsed: isObject,
  judged: isObject,
  chosen: isTextOrNull,
  correct: (value) => value === null || typeof value === 'boolean',
  frames: isNumbers,
};

function isRecord(value: unknown): value is AnswerRecord {
  return isObject(value) && Object.entries(FIELDS).every(([name, fits]) => fits(value[name]));
}
