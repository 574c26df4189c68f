import type { AddedToken } from './types.js';

/** A stretch [start, end) of the text: plain text, or one added token (`token` set). */
export interface Segment {
  start: number;
  end: number;
  token?: AddedToken;
}

const WORD_CHAR = /[\p{L}\p{N}_]/u;
const SPACE = /\p{White_Space}/u;

/**
 * Cuts a text at its added tokens: leftmost match first, the longest at one place, as Hugging Face `tokenizers` does.
 * White space swallowed by lstrip/rstrip lies in no segment. All added tokens are matched in the raw text; upstream
 * matches those marked `normalized` in the normalised text, which differs for none of T5's and Qwen2's.
 */
export class AddedTokenSplitter {
  readonly #byContent: Map<string, AddedToken>;
  readonly #pattern: RegExp | undefined;

  constructor(tokens: readonly AddedToken[]) {
    this.#byContent = new Map(tokens.map((token) => [token.content, token]));
    const contents = [...this.#byContent.keys()].sort((a, b) => b.length - a.length);
    // Alternatives are tried in order, so the longest first makes the match leftmost-longest.
    this.#pattern = contents.length > 0 ? new RegExp(contents.map(escapeRegExp).join('|'), 'gu') : undefined;
  }

  split(text: string): Segment[] {
    if (this.#pattern === undefined) return text === '' ? [] : [{ start: 0, end: text.length }];
    const segments: Segment[] = [];
    let from = 0;
    for (const match of text.matchAll(this.#pattern)) {
      const token = this.#byContent.get(match[0])!;
      const start = match.index;
      const end = start + match[0].length;
      if (start < from || (token.singleWord && touchesWord(text, start, end))) continue;
      let before = start;
      if (token.lstrip) while (before > from && SPACE.test(text[before - 1]!)) before--;
      if (before > from) segments.push({ start: from, end: before });
      segments.push({ start, end, token });
      from = end;
      if (token.rstrip) while (from < text.length && SPACE.test(text[from]!)) from++;
    }
    if (from < text.length) segments.push({ start: from, end: text.length });
    return segments;
  }
}

function touchesWord(text: string, start: number, end: number): boolean {
  const before = [...text.slice(Math.max(0, start - 2), start)].at(-1) ?? '';
  const after = [...text.slice(end, end + 2)][0] ?? '';
  return WORD_CHAR.test(before) || WORD_CHAR.test(after);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
