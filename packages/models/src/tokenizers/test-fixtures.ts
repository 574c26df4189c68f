import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadQwen2Tokenizer } from './load-qwen2.js';
import { loadT5Tokenizer } from './load-t5.js';
import { INTERNVL3_ADDED_TOKENS } from './qwen2-defaults.js';
import type { Qwen2Tokenizer } from './qwen2-tokenizer.js';
import type { T5Tokenizer } from './t5-tokenizer.js';

/** For tests only. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/${name}`, import.meta.url));
}

export function fixtureJson(name: string): any {
  return JSON.parse(readFileSync(fixture(name), 'utf8'));
}

/** [text, ids, flat spans or null] of tokenizers/t5.json and qwen2.json, see make_goldens.py. */
export type GoldenCase = [string, number[], number[] | null];

let t5: T5Tokenizer | undefined;
let internvl3: Qwen2Tokenizer | undefined;

export function t5Fixture(): T5Tokenizer {
  t5 ??= loadT5Tokenizer(fixture('tokenizers/cogvideox-t5'));
  return t5;
}

export function internvl3Fixture(): Qwen2Tokenizer {
  internvl3 ??= loadQwen2Tokenizer(fixture('tokenizers/qwen2'), { addedTokens: INTERNVL3_ADDED_TOKENS });
  return internvl3;
}

/** A random text of `pieces` parts: words, blanks, marks, emoji, CJK, control characters, lone surrogates. */
export function randomText(pieces: number): string {
  const pools: [number, number][] = [
    [0x20, 0x7e],
    [0x61, 0x7a],
    [0x61, 0x7a],
    [0xa0, 0x24f],
    [0x400, 0x5ff],
    [0x300, 0x36f],
    [0x4e00, 0x4eff],
    [0xff01, 0xffee],
    [0x1f600, 0x1f64f],
    [0x1100, 0x11ff],
    [0, 0x20],
    [0x2000, 0x206f],
    [0xd800, 0xdfff],
  ];
  let text = '';
  for (let i = 0; i < pieces; i++) {
    const [first, last] = pools[Math.floor(Math.random() * pools.length)]!;
    const length = 1 + Math.floor(Math.random() * 6);
    for (let j = 0; j < length; j++)
      text += String.fromCodePoint(first + Math.floor(Math.random() * (last - first + 1)));
    if (Math.random() < 0.4) text += ' '.repeat(1 + Math.floor(Math.random() * 3));
  }
  return text;
}
