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

/** A chat about one clip. */
export interface WorldSample {
  /** Row of the clip table. */
  clip: number;
  prompt: string;
  reply: string;
  type: string;
  /** Index of the right option; −1 where there are none. */
  answer: number;
}

/** With options, the reply a letter. */
export function choiceSample(clip: number, { question, options, answer, type }: AskedQuestion): WorldSample {
  const lines = options.map((option, i) => `${LETTERS[i]}. ${option}`);
  return { clip, prompt: `${question}\n${lines.join('\n')}`, reply: LETTERS[answer]!, type, answer };
}

/** Without options, the reply the right one's text: it teaches what is seen before letters are bound to it. */
export function openSample(clip: number, { question, options, answer, type }: AskedQuestion): WorldSample {
  return { clip, prompt: question, reply: options[answer]!, type, answer: -1 };
}

export const DESCRIBE = 'describe the video';

export function captionSample(clip: number, caption: string): WorldSample {
  return { clip, prompt: DESCRIBE, reply: caption, type: 'caption', answer: -1 };
}
