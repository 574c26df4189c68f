import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '@motion-enhancer/libtorch';
import { crc32c, makeFolder, UserError, writeText } from '@motion-enhancer/support';
import type { BadRow } from '../../data/rows.js';
import type { GenerationOptions } from '../../vlm/generate/generation-options.js';
import type { VideoSettings } from '../../vlm/media/video-input.js';
import { judgeOf } from '../judges/index.js';
import type { JudgeName } from '../judges/types.js';

/** Everything that could change an answer or its verdict: a run goes on only with the same. */
export interface RunSettings {
  benchmark: string;
  split: string;
  /** Types that were asked for; empty: all. */
  types: readonly string[];
  /** Questions at most, 0: all. */
  limit: number;
  protocol: string;
  protocolVersion: number;
  judge: JudgeName | null;
  subtitles: boolean;
  /** How media are shown. */
  video: VideoSettings;
  /** What the protocol and the command line say of decoding; the rest is generation_config.json's. */
  decoding: Omit<GenerationOptions, 'onText'>;
  /** Settings in which the command line stands above the protocol. */
  changed: readonly string[];
  /** sha256 of the questions' file. */
  data: string;
  /** Of the checkpoint's files; see `fingerprintOf`. */
  model: string;
  dtype: DType;
  batch: number;
}

/** run.json: what a score line is the score of. */
export interface RunFile {
  /** 1: by commit 1d09620, without checksums here and in answers.jsonl. */
  format: 1 | 2;
  settings: RunSettings;
  /** The protocol in words, with an example of its prompt. */
  recipe: Record<string, unknown>;
  vlm: {
    dir: string;
    family: string;
    weights: 'trained' | 'random';
    /** Of generation_config.json: what holds where `decoding` says nothing. */
    repetitionPenalty?: number;
  };
  data: { file: string; questions: number; media: number };
  /** Published rows of each type, malformed ones included. */
  counts: Readonly<Record<string, number>>;
  bad: readonly BadRow[];
  notes: readonly string[];
  device: string;
  code: string;
  startedAt: string;
}

export const RUN_FILE = 'run.json';

/** @throws UserError ERR_RUN where the folder holds no run */
export function readRun(dir: string): RunFile {
  const path = join(dir, RUN_FILE);
  if (!existsSync(path))
    throw new UserError(
      `Expected a run of eval (${RUN_FILE}) in ${dir} but received ${existsSync(dir) ? 'none' : 'no such folder'}. Give the folder that eval --out wrote.`,
      { code: 'ERR_RUN' },
    );
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UserError(
      `The file ${path} is not valid JSON: ${(cause as Error).message}. Run eval into a new folder.`,
      { code: 'ERR_RUN', cause },
    );
  }
  return checkRun(path, content);
}

/** @throws UserError ERR_RUN: another format, a changed byte, a field that is absent or of another kind */
function checkRun(path: string, content: unknown): RunFile {
  const refuse = (what: string) =>
    new UserError(`The file ${path} is damaged: ${what}. Take it from a copy, or run eval into a new folder.`, {
      code: 'ERR_RUN',
    });
  if (!isObject(content)) throw refuse('it holds no object');
  const { crc32c: sum, ...run } = content as Record<string, unknown>;
  const format = run.format ?? 1;
  if (typeof format === 'number' && format > 2)
    throw new UserError(
      `Expected a run of format 1 or 2 in ${path} but received ${format}. A newer version wrote it: use that one.`,
      { code: 'ERR_RUN' },
    );
  if ((sum !== undefined || format !== 1) && sum !== sumOf(run)) throw refuse('it is not as it was written');
  for (const [name, kind] of Object.entries(READ_FIELDS)) {
    const value = name.split('.').reduce<unknown>((of, key) => (of as Record<string, unknown> | null)?.[key], run);
    if (!kind.split('|').includes(kindOf(value))) throw refuse(`${name} is ${kindOf(value)} instead of ${kind}`);
  }
  const checked = run as unknown as RunFile;
  if (checked.settings.judge !== null) judgeOf(checked.settings.judge);
  return checked;
}

/** Fields that scoring and comparing read. */
const READ_FIELDS: Readonly<Record<string, string>> = {
  settings: 'object',
  'settings.benchmark': 'string',
  'settings.split': 'string',
  'settings.types': 'array',
  'settings.limit': 'number',
  'settings.protocol': 'string',
  'settings.protocolVersion': 'number',
  'settings.judge': 'string|null',
  'settings.video': 'object',
  'settings.video.frames': 'number',
  'settings.decoding': 'object',
  'settings.changed': 'array',
  'settings.data': 'string',
  'settings.model': 'string',
  'settings.dtype': 'string',
  vlm: 'object',
  'vlm.dir': 'string',
  'vlm.family': 'string',
  'vlm.weights': 'string',
  data: 'object',
  'data.questions': 'number',
  bad: 'array',
  notes: 'array',
  code: 'string',
};

const kindOf = (value: unknown): string =>
  value === undefined ? 'absent' : value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

const sumOf = (run: unknown): string =>
  crc32c(Buffer.from(JSON.stringify(run)))
    .toString(16)
    .padStart(8, '0');

/**
 * Writes run.json, or checks that the one that is there is of the same run.
 * @throws UserError ERR_RUN naming the setting that differs
 */
export function openRun(dir: string, run: RunFile): void {
  makeFolder(dir);
  if (existsSync(join(dir, RUN_FILE))) checkSame(dir, readRun(dir), run);
  else {
    const checked = run.format === 1 ? run : { ...run, crc32c: sumOf(run) };
    writeText(join(dir, RUN_FILE), `${JSON.stringify(checked, null, 2)}\n`);
  }
}

/** @throws UserError ERR_RUN */
export function checkSame(dir: string, there: RunFile, mine: RunFile): void {
  const difference = firstDifference(there.settings, mine.settings);
  if (!difference) return;
  const [name, before, now] = difference;
  throw new UserError(
    `Expected ${JSON.stringify(before)} for ${name} (as the run in ${dir} has it) but received ${JSON.stringify(now)}. Go on with the same settings, or give another --out.`,
    { code: 'ERR_RUN' },
  );
}

/** Name and values of the first setting that differs; of settings within settings, the inner one. */
function firstDifference(a: object, b: object): [name: string, before: unknown, now: unknown] | null {
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [before, now] = [(a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]];
    if (JSON.stringify(before) === JSON.stringify(now)) continue;
    const inner = isObject(before) && isObject(now) ? firstDifference(before, now) : null;
    return inner ?? [name, before, now];
  }
  return null;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
