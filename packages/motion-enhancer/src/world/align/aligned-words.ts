// Which words of a chat are aligned, and with which words of the clip's caption.
import { findWord, tokensOfSpan } from '@motion-enhancer/models';
import type { CaptionWord, WordRole, WorldQuestion, WorldText } from '../generate/index.js';
import type { ClipLayout } from '../vlm/layout.js';
import { choiceTurn } from '../vlm/samples.js';

export interface AlignedWord {
  text: string;
  /** Places of the word's tokens in the chat. */
  tokens: number[];
  /** The caption words whose maps it takes the mean of. */
  captionWords: number[];
  role: WordRole;
  /** Index of the object that it is about; null: the camera. */
  object: number | null;
}

/** They are in every caption's motion, and say nothing of it. */
const JOINTS = new Set(['and', 'then']);
const THING = 'thing';

/**
 * Words of a question with options that the clip's caption has too. Names of objects count wherever they stand (no two
 * objects of a clip share a colour or a shape); words of motion in the stem and in the right option only. "The thing" of
 * a stem is the mover: it takes the mean of the words that name the mover in the caption.
 */
export function alignedWords(
  text: Pick<WorldText, 'caption' | 'captionWords' | 'scene'>,
  question: WorldQuestion,
  layout: ClipLayout,
): AlignedWord[] {
  const sample = choiceTurn({ ...question, question: question.stem });
  const chat = layout.textOf(sample);
  const start = chat.text.indexOf(sample.prompt);
  const optionAt = chat.text.indexOf(`\n${'ABCD'[question.answer]}. `, start);
  const optionEnd = chat.text.slice(optionAt + 1).search(/[\n<]/) + optionAt + 1;
  const ranges: Record<'names' | 'motion', [number, number][]> = {
    names: [[start, start + sample.prompt.length]],
    motion: [
      [start, start + question.stem.length],
      [optionAt + 4, optionEnd],
    ],
  };
  const place = (word: string, within: readonly [number, number][]): number[] | null => {
    const spans = findWord(chat.text, word).filter(([from, to]) => within.some(([a, b]) => from >= a && to <= b));
    const [first] = spans;
    if (!first) return null;
    return tokensOfSpan(chat, first[0], first[1]).map((token) => token + layout.visual[1]);
  };
  const found: AlignedWord[] = [];
  const taken = new Set<string>();
  text.captionWords.forEach((word, i) => {
    const kind = kindOf(word);
    if (!kind || taken.has(word.text)) return;
    const tokens = place(word.text, ranges[kind]);
    if (!tokens) return;
    taken.add(word.text);
    const object = word.role === 'motion' ? text.scene.mover : (word.object ?? null);
    found.push({ text: word.text, tokens, captionWords: [i], role: word.role, object });
  });
  const thing = place(THING, [[start, start + question.stem.length]]);
  const names = text.captionWords.flatMap(({ role }, i) => (role === 'mover' ? [i] : []));
  if (thing && names.length > 0)
    found.push({ text: THING, tokens: thing, captionWords: names, role: 'mover', object: text.scene.mover });
  return found;
}

function kindOf({ role, text }: CaptionWord): 'names' | 'motion' | null {
  if (role === 'mover' || role === 'static') return 'names';
  if ((role === 'motion' || role === 'camera') && !JOINTS.has(text)) return 'motion';
  return null;
}
