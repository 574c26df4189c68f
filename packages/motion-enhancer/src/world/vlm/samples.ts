// What the mini VLM is asked: plain chats about a clip. One question with four options is one line each; the reply is a letter.

export const LETTERS = ['A', 'B', 'C', 'D'] as const;

/** A question as the world asks it (see `world/generate`). */
export interface AskedQuestion {
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

/** A chat about one clip: the video stands before the first prompt. */
export interface WorldSample {
  /** Row of the clip table. */
  clip: number;
  turns: readonly ClipTurn[];
  type: string;
  /** Index of the right option; −1 where there are none. */
  answer: number;
}

/** With options, the reply a letter. */
export function choiceTurn({ question, options, answer }: Omit<AskedQuestion, 'type'>): ClipTurn {
  const lines = options.map((option, i) => `${LETTERS[i]}. ${option}`);
  return { prompt: `${question}\n${lines.join('\n')}`, reply: LETTERS[answer]! };
}

/** Without options, the reply the right one's text: it teaches what is seen before letters are bound to it. */
export function openTurn({ question, options, answer }: Omit<AskedQuestion, 'type'>): ClipTurn {
  return { prompt: question, reply: options[answer]! };
}

export const DESCRIBE = 'describe the video';

export const captionTurn = (caption: string): ClipTurn => ({ prompt: DESCRIBE, reply: caption });

/** One question with options, to be scored by its letter. */
export function choiceSample(clip: number, question: AskedQuestion): WorldSample {
  return { clip, turns: [choiceTurn(question)], type: question.type, answer: question.answer };
}
