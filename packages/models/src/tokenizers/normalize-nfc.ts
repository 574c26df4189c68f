import type { AlignedText } from './normalize-unigram.js';

/**
 * A character that a normalisation run may not start at: it may combine with, or be reordered against, the one
 * before. Combining marks, the vowels and finals of Hangul, and the Kirat Rai vowels (letters that compose).
 */
const CONTINUES = /[\p{M}\u1160-\u11ff\u{16d63}-\u{16d6a}]/u;
const FIRST_MARK = 0x300;

/** NFC with the original span of every unit; undefined if the text is in NFC already. */
export function normalizeNfc(text: string): AlignedText | undefined {
  const whole = text.normalize('NFC');
  if (whole === text) return undefined;
  const aligned: AlignedText = { text: '', starts: [], ends: [] };
  const runs = runsOf(text);
  for (const [start, end] of runs) appendRun(aligned, text.slice(start, end), start);
  if (aligned.text === whole) return aligned;
  // A newer Unicode composes characters that CONTINUES does not know: correct ids, one span for all.
  const fallback: AlignedText = { text: '', starts: [], ends: [] };
  appendRun(fallback, text, 0);
  return fallback;
}

function runsOf(text: string): [number, number][] {
  const runs: [number, number][] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!;
    const length = code > 0xffff ? 2 : 1;
    const last = runs.at(-1);
    if (last !== undefined && code >= FIRST_MARK && CONTINUES.test(String.fromCodePoint(code))) last[1] += length;
    else runs.push([at, at + length]);
    at += length;
  }
  return runs;
}

/** Units that are equal from the left or the right map one to one; what changed between maps to the whole between. */
function appendRun(aligned: AlignedText, run: string, base: number): void {
  const normal = run.normalize('NFC');
  const shorter = Math.min(run.length, normal.length);
  let head = 0;
  while (head < shorter && run[head] === normal[head]) head++;
  // A unit whose successor changed may have merged with it only if it changed itself, but never cut a surrogate pair.
  if (head > 0 && isHighSurrogate(run, head - 1)) head--;
  let tail = 0;
  while (tail < shorter - head && run.at(-1 - tail) === normal.at(-1 - tail)) tail++;
  if (tail > 0 && isLowSurrogate(run, run.length - tail)) tail--;
  for (let i = 0; i < normal.length; i++) {
    const fromEnd = normal.length - i;
    if (i < head) push(base + i, base + i + 1);
    else if (fromEnd <= tail) push(base + run.length - fromEnd, base + run.length - fromEnd + 1);
    else push(base + head, base + run.length - tail);
  }
  aligned.text += normal;

  function push(start: number, end: number): void {
    aligned.starts.push(start);
    aligned.ends.push(end);
  }
}

function isHighSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

function isLowSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
