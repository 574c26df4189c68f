import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scope } from '@motion-enhancer/libtorch';
import { writeRandomCogVideoX } from '@motion-enhancer/models';
import { loaderFlags } from '@motion-enhancer/support';
import { fixture } from '@motion-enhancer/support/testing';
import { COMMAND } from '../../testing/command.js';
import { PriorStore } from '../store/store.js';
import type { RowEvent } from './row-event.js';

/** A tiny CogVideoX with random weights and a real tokenizer. */
export function tinyVdm(dir: string): string {
  writeRandomCogVideoX(dir, {
    seed: 1,
    layers: 2,
    heads: 4,
    headDim: 16,
    maxTextTokens: 32,
    textLayers: 1,
    textWidth: 16,
    vaeChannels: [8, 8, 8, 8],
    latentChannels: 4,
  });
  cpSync(fixture('tokenizers/cogvideox-t5'), join(dir, 'tokenizer'), { recursive: true });
  return dir;
}

export const VIDEOS = ['made_odd_35x27.mkv', 'made_vfr.mkv', 'made_full_range.mp4', 'moviepy_bbb_432_433.webm'];
const CREATURES = ['dog', 'cat', 'red ball', 'woman', 'small robot', 'horse'];
const MOTIONS = ['jumps over a wall', 'turns to the left', 'falls', 'waves both arms slowly'];

/** `count` caption rows, no two alike. */
export function goodRows(count: number): { id: string; video: string; caption: string }[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `s${i}`,
    video: fixture(`videos/${VIDEOS[i % VIDEOS.length]}`),
    caption: `${i + 1}: a ${CREATURES[i % CREATURES.length]} ${MOTIONS[i % MOTIONS.length]}.`,
  }));
}

export function writeRows(path: string, rows: readonly unknown[]): string {
  writeFileSync(path, rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));
  return path;
}

export interface Run {
  child: ChildProcess;
  /** Rows as they end. */
  rows: RowEvent[];
  /** Resolves at the first progress report of this stage, or at the end of the process. */
  stage(name: string): Promise<void>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; out: string; err: string; summary: Summary }>;
}

export interface Summary {
  done: number;
  existed: number;
  failed: number;
  left: number;
  manifest: string;
}

export const SMALL = '--frames 5 --height 32 --width 48 --device cpu --threads 1 --json'.split(' ');

/** Runs the tool in a process of its own, with `--json`. */
export function start(args: readonly string[]): Run {
  const child = spawn(process.execPath, [...loaderFlags(process.execArgv), COMMAND, ...args], {
    cwd: fixture('..'),
    env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const rows: RowEvent[] = [];
  const waiting: { name: string; resolve: () => void }[] = [];
  let [out, err, rest] = ['', '', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines.filter((l) => l.startsWith('{'))) {
      const event = JSON.parse(line) as { type: string; stage?: string };
      if (event.type === 'row') rows.push(event as unknown as RowEvent);
      for (const { name, resolve } of waiting) if (event.stage === name) resolve();
    }
  });
  const ended = new Promise<Awaited<Run['ended']>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const w of waiting) w.resolve();
      const last = out.trimEnd().split('\n').at(-1) ?? '';
      resolve({ code, signal, out, err, summary: (last.startsWith('{') ? JSON.parse(last) : {}) as Summary });
    });
  });
  const stage = (name: string) => new Promise<void>((resolve) => void waiting.push({ name, resolve }));
  return { child, rows, stage, ended };
}

/** Descriptions and files of a store's priors, by key: they must not depend on how it came about. */
export function contents(dir: string): Record<string, unknown> {
  const store = new PriorStore(dir, { create: false });
  return Object.fromEntries(
    store.keys().map((key) => [
      key,
      scope(() => {
        const { createdAt, ...said } = store.read(key).info;
        // Every byte of the file.
        return { ...said, bytes: readFileSync(store.path(key)).toString('base64') };
      }),
    ]),
  );
}

/** Claims and temporary files. */
export const leftovers = (dir: string): string[] => readdirSync(dir).filter((name) => name.startsWith('.'));

export function emptyFolder(parent: string, name: string): string {
  const dir = join(parent, name);
  mkdirSync(dir);
  return dir;
}
