/** Words of which a sentence that tells of the camera has one. */
const MAYBE = /camera|shot|scene|frame|footage|video|view|perspective|angle|focus|zoom|pan/i;

const MOVES =
  'pan|zoom|follow|shift|tilt|track|shake|move|capture|focus|continue|rotate|turn|circle|orbit|rise|lower|swing|approach|retreat|cut|switch|transition|stay|remain|keep|start|begin|follow';
const ADVERB = '(?:(?:then|also|now|first|next|still|again|[a-z]+ly)\\s+)*';
/** Where a clause about the camera begins. */
const CLAUSES = [
  `\\b(?:the\\s+)?camera\\s+${ADVERB}(?:${MOVES})(?:s|es|ed|d|ing)?\\b`,
  '\\b(?:the\\s+)?camera\\s+(?:is|was|appears|seems|kept|shook|rose|swung)\\b',
  '\\b(?:an?|the)\\s+(?:static|stationary|moving|panning|tracking|zoom|dolly|close-up|medium|wide|aerial|overhead|handheld)\\s+shot',
  '\\bthe\\s+(?:shot|frame|video|scene|view|footage)\\s+(?:transitions|changes|cuts|switches)',
  '\\bthe\\s+(?:focus|angle|perspective)\\s+shifts',
  '\\bthe\\s+scene\\s+(?:remains|stays|is|appears)\\s+static',
  '\\bthe\\s+(?:video|scene)\\s+(?:starts|begins|opens)\\s+with',
  '\\b(?:an?\\s+|the\\s+)?(?:(?:[a-z]+wards?|left|right|shaky|slight|slow|quick)(?:-[a-z]+)?\\s+)+camera\\s+(?:movement|motion|tilt|pan|shake)',
  '\\bno\\s+(?:significant\\s+)?camera\\s+movement',
  '\\b(?:stationary|static|steady|stable|fixed)\\s+(?:camera|shot)',
  '\\bfirst-person\\s+perspective',
].map((pattern) => new RegExp(pattern, 'gi'));

/** Where it ends: at a mark, at an actor, or where the sentence begins to say what is seen. */
const END =
  /[.,:;]|\b(?:an?|the)\s+(?:man|woman|person|boy|girl)|\b(?:he|she|they|showing|displaying|revealing|as|while)\b/i;

export interface CameraClauses {
  /** Each as `Camera …`. */
  motions: string[];
  /** As they stood in the sentence: whom the camera follows is an actor too. */
  clauses: string[];
  /** The sentence without them. */
  rest: string;
}

/**
 * Tells of the camera apart from the rest of a sentence.
 * Source: the description of FAVOR-Bench's LLM-free step 1 (camera clauses are found and removed first).
 */
export function cameraClauses(sentence: string): CameraClauses {
  if (!MAYBE.test(sentence)) return { motions: [], clauses: [], rest: sentence };
  const spans: [start: number, end: number][] = [];
  for (const pattern of CLAUSES)
    for (const { index, 0: found } of sentence.matchAll(pattern)) {
      if (spans.some(([start, end]) => index >= start && index < end)) continue;
      const from = index + found.length;
      const stop = END.exec(sentence.slice(from));
      spans.push([index, stop ? from + stop.index : sentence.length]);
    }
  const texts = spans.map(([start, end]) => sentence.slice(start, end).trim());
  const rest = texts.reduce((text, clause) => text.replace(clause, ''), sentence);
  return {
    clauses: texts,
    motions: [...new Set(texts.map(named).filter((text) => text !== ''))],
    rest: rest
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/^(?:as|while|when|and|then)\s+/, '')
      .replace(/^[,;:.]\s*/, '')
      .replace(/^(?:as|while|when|and|then)\s+/, ''),
  };
}

function named(clause: string): string {
  const text = clause.replace(/^(?:the|a) camera/i, 'Camera').replace(/[.,:;!?]$/, '');
  return /^camera/i.test(text) ? `C${text.slice(1)}` : `Camera ${text}`;
}
