// Which words of a chat are aligned, and with which words of the clip's caption.
import { findWord, tokensOfSpan } from '@motion-enhancer/models';
import type { CaptionWord, WordRole, WorldQuestion, WorldText } from '../generate/index.js';
import type { ClipLayout } from '../vlm/layout.js';
import { openTurn } from '../vlm/samples.js';

/** Of the words that are aligned. */
export const ALIGNED_ROLES = ['mover', 'motion', 'static', 'camera'] as const satisfies readonly WordRole[];

export interface AlignedWord {
  text: string;
  /** Places of the word's tokens in the chat, or (`predict`) those before them, which say the word. */
  tokens: number[];
  /** Words of the reply are listed twice, by either row; words of the prompt stand for both. */
  rows: 'token' | 'predict' | 'both';
  /** The caption words whose maps it takes the mean of. */
  captionWords: number[];
  role: WordRole;
  /** Index of the object that it is about; null: the camera. */
  object: number | null;
}

/** They are in every caption's motion, and say nothing of it. */
const JOINTS = new Set(['and', 'then']);
/** Words of a prompt for what the caption says in others: the mover by its name, the motion by its verb. */
const MEANT: readonly (readonly [word: string, role: WordRole])[] = [
  ['thing', 'mover'],
  ['moves', 'motion'],
];

/**
 * Words of an open question and its reply that the clip's caption has too: names of objects, words of motion (the
 * question's "slide" is the caption's "slides") and of the camera's. "The thing" of a prompt takes the mean of the
 * caption's words that name the mover, "moves" that of those of its motion.
 */
export function alignedWords(
  text: Pick<WorldText, 'caption' | 'captionWords' | 'scene'>,
  question: WorldQuestion,
  layout: ClipLayout,
): AlignedWord[] {
  const turn = openTurn({ ...question, question: question.stem });
  const chat = layout.textOf(turn);
  const start = chat.text.indexOf(turn.prompt);
  const stem = [start, start + turn.prompt.length] as const;
  const replyAt = chat.text.lastIndexOf(turn.reply);
  const reply = [replyAt, replyAt + turn.reply.length] as const;
  const place = (word: string, [from, to]: readonly [number, number]): number[] | null => {
    const span = findWord(chat.text, word).find(([a, b]) => a >= from && b <= to);
    return span ? tokensOfSpan(chat, ...span).map((token) => token + layout.visual[1]) : null;
  };
  const found: AlignedWord[] = [];
  const taken = new Set<string>();
  text.captionWords.forEach((word, i) => {
    if (!isContent(word) || taken.has(word.text)) return;
    const object = word.role === 'motion' ? text.scene.mover : (word.object ?? null);
    const common = { text: word.text, captionWords: [i], role: word.role, object };
    const inQuestion =
      place(word.text, stem) ?? (word.role === 'motion' ? place(word.text.replace(/s$/, ''), stem) : null);
    if (inQuestion) found.push({ ...common, tokens: inQuestion, rows: 'both' });
    const inReply = place(word.text, reply);
    if (inReply) {
      found.push({ ...common, tokens: inReply, rows: 'token' });
      found.push({ ...common, tokens: inReply.map((token) => token - 1), rows: 'predict' });
    }
    if (inQuestion || inReply) taken.add(word.text);
  });
  for (const [meant, role] of MEANT) {
    const tokens = place(meant, stem);
    const captionWords = text.captionWords.flatMap((word, i) => (word.role === role && isContent(word) ? [i] : []));
    if (tokens && captionWords.length > 0)
      found.push({ text: meant, tokens, rows: 'both', captionWords, role, object: text.scene.mover });
  }
  return found;
}

/** The words of a caption that name its mover. */
export const moverWords = ({ captionWords }: Pick<WorldText, 'captionWords'>): number[] =>
  captionWords.flatMap(({ role }, i) => (role === 'mover' ? [i] : []));

const isContent = ({ role, text }: CaptionWord): boolean => role !== 'other' && !JOINTS.has(text);
