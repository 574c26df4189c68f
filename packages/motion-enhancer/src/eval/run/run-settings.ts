import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '@motion-enhancer/libtorch';
import { makeFolder, UserError, writeText } from '@motion-enhancer/support';
import type { BadRow } from '../../data/rows.js';
import type { GenerationOptions } from '../../vlm/generate/generation-options.js';
import type { VideoSettings } from '../../vlm/media/video-input.js';
import type { JudgeName } from '../judges/types.js';
import type { BenchmarkName, ProtocolName } from '../prompts/types.js';

/** Everything that could change an answer or its verdict: a run goes on only with the same. */
export interface RunSettings {
  benchmark: BenchmarkName;
  split: string;
  /** Types that were asked for; empty: all. */
  types: readonly string[];
  /** Questions at most, 0: all. */
  limit: number;
  protocol: ProtocolName;
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
  format: 1;
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
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunFile;
  } catch (cause) {
    throw new UserError(
      `The file ${path} is not valid JSON: ${(cause as Error).message}. Run eval into a new folder.`,
      {
        code: 'ERR_RUN',
        cause,
      },
    );
  }
}

/**
 * Writes run.json, or checks that the one that is there is of the same run.
 * @throws UserError ERR_RUN naming the setting that differs
 */
export function openRun(dir: string, run: RunFile): void {
  makeFolder(dir);
  if (existsSync(join(dir, RUN_FILE))) checkSame(dir, readRun(dir), run);
  else writeText(join(dir, RUN_FILE), `${JSON.stringify(run, null, 2)}\n`);
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

/** Bytes of a weight file's start and end that are hashed: all of it would take minutes. */
const SAMPLE = 1 << 20;

/** sha256 over the config, the tokenizer's and the processor's files, and sizes, starts and ends of the weight files. */
export function fingerprintOf(dir: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(dir).sort()) {
    const path = join(dir, name);
    const { size } = statSync(path);
    if (!statSync(path).isFile()) continue;
    if (name.endsWith('.json') || name.endsWith('.txt') || name === 'RANDOM_WEIGHTS')
      hash.update(name).update(readFileSync(path));
    else if (name.endsWith('.safetensors')) {
      hash.update(`${name} ${size} `);
      const fd = openSync(path, 'r');
      try {
        for (const from of [0, Math.max(0, size - SAMPLE)]) {
          const bytes = Buffer.alloc(Math.min(SAMPLE, size));
          readSync(fd, bytes, 0, bytes.length, from);
          hash.update(bytes);
        }
      } finally {
        closeSync(fd);
      }
    }
  }
  return hash.digest('hex');
}
