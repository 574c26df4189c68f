// What the mini VLM is asked: plain chats about a clip.

export const LETTERS = ['A', 'B', 'C', 'D'] as const;

/** A question as the world asks it (see `world/generate`). */
export interface QuestionText {
  question: string;
  options: readonly string[];
  /** Index of the right option. */
  answer: number;
  type: string;
}

export interface ClipTurn {
  prompt: string;
  reply: string;
}

/** How many options a question has. */
export const OPTIONS = 4;

/** A chat about one clip: the video stands before the first prompt. */
export interface WorldSample {
  /** Row of the clip table. */
  clip: number;
  turns: readonly ClipTurn[];
  type: string;
  /** Index of the right option; −1 where there are none. */
  answer: number;
}

/** With options, a line each as MotionBench has them; the reply is a letter. */
export function choiceTurn({ question, options, answer }: Omit<QuestionText, 'type'>): ClipTurn {
  const lines = options.map((option, i) => `${LETTERS[i]}. ${option}`);
  return { prompt: `${question}\n${lines.join('\n')}`, reply: LETTERS[answer]! };
}

/** Without options. */
export function openTurn({ question, options, answer }: Omit<QuestionText, 'type'>): ClipTurn {
  return { prompt: question, reply: options[answer]! };
}

export const DESCRIBE = 'describe the video';

export const captionTurn = (caption: string): ClipTurn => ({ prompt: DESCRIBE, reply: caption });

/** One open question. */
export function openSample(clip: number, question: QuestionText): WorldSample {
  return { clip, turns: [openTurn(question)], type: question.type, answer: question.answer };
}

/**
 * The same question with each of its options as the reply, in order: what is ranked to answer it. The options are not
 * shown: the mini VLM answers openly, but never learned to bind letters, or listed texts, to what it sees
 * (docs/decisions/2026-11-26-mini-qwen.md).
 */
export const rankedSamples = (clip: number, question: QuestionText): WorldSample[] =>
  question.options.map((_, i) => ({
    ...openSample(clip, question),
    turns: [openTurn({ ...question, answer: i })],
  }));
