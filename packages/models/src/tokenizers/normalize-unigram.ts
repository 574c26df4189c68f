import type { Charsmap } from './charsmap.js';

/** U+2581, sentencepiece's visible blank. */
export const BLANK = '▁';

/** A normalised text; unit i stands for [starts[i], ends[i]) of the original text (UTF-16 on both sides). */
export interface AlignedText {
  text: string;
  starts: number[];
  ends: number[];
}

/**
 * sentencepiece's normaliser [source: google/sentencepiece src/normalizer.cc `Normalizer::Normalize`]: the longest
 * charsmap rule at each place, blanks collapsed and trimmed, a blank in front, each blank written as U+2581.
 * `base` is added to all positions.
 */
export function normalizeUnigram(
  text: string,
  base: number,
  options: { charsmap?: Charsmap | undefined; addDummyPrefix: boolean; removeExtraWhitespaces: boolean },
): AlignedText {
  const { charsmap, addDummyPrefix, removeExtraWhitespaces } = options;
  const bytes = Buffer.from(text, 'utf8'); // a lone surrogate becomes U+FFFD, three bytes
  const units: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let begun = false;
  let afterBlank = removeExtraWhitespaces;
  let at = 0; // in UTF-16 units
  for (let byte = 0; byte < bytes.length; ) {
    const start = at;
    let replaced = charsmap?.replacement(bytes, byte);
    const stop = replaced === undefined ? byte + utf8Length(bytes[byte]!) : byte + charsmap!.matched;
    for (; byte < stop; byte += utf8Length(bytes[byte]!)) at += bytes[byte]! >= 0xf0 ? 2 : 1;
    replaced ??= isLoneSurrogate(text, start, at) ? '\ufffd' : text.slice(start, at);
    if (!begun && addDummyPrefix) emit(BLANK, start, start);
    begun = true;
    if (afterBlank && replaced.startsWith(' ')) replaced = replaced.replace(/^ +/, '');
    if (replaced !== '') {
      for (let i = 0; i < replaced.length; i++) emit(replaced[i] === ' ' ? BLANK : replaced[i]!, start, at);
      afterBlank = replaced.endsWith(' ');
    }
    if (!removeExtraWhitespaces) afterBlank = false;
  }
  if (removeExtraWhitespaces) while (units.at(-1) === BLANK) units.pop();
  return { text: units.join(''), starts, ends };

  function emit(unit: string, start: number, end: number): void {
    units.push(unit);
    starts.push(base + start);
    ends.push(base + end);
  }
}

function utf8Length(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function isLoneSurrogate(text: string, start: number, end: number): boolean {
  return end - start === 1 && (text.charCodeAt(start) & 0xf800) === 0xd800;
}
