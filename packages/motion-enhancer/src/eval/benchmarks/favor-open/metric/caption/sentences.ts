const ABBREVIATION = /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|approx|no)\.$/i;

/** Sentences of a text: they end at a mark that a blank and a capital letter, digit or quote follow. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const { index, 0: mark } of text.matchAll(/(?<![.!?])[.!?]+["'”’)]*(?=\s+["'“‘(]*[A-Z0-9])|\n\s*\n/g)) {
    const end = index + mark.length;
    if (mark.trim() !== '' && ABBREVIATION.test(text.slice(start, end))) continue;
    sentences.push(text.slice(start, end).trim());
    start = end;
  }
  sentences.push(text.slice(start).trim());
  return sentences.filter((sentence) => sentence !== '');
}
