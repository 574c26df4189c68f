import { createHash } from 'node:crypto';
import { UserError } from '@motion-enhancer/support';
import { layOut } from '../../vlm/chat/chat.js';
import type { PreparedChat, VlmMessage, VlmPart } from '../../vlm/types.js';
import { type EvalMedium, type EvalQuestion, mediumPath } from '../benchmarks/question.js';
import { readSrt, subtitlesAt } from '../benchmarks/srt.js';
import type { Prompt } from '../prompts/types.js';
import type { QuestionRun } from './run-questions.js';
import type { SeenMedium } from './see-medium.js';

/** A question, ready for the model. */
export interface PreparedQuestion {
  question: EvalQuestion;
  seen: SeenMedium;
  messages: VlmMessage[];
  /** Hash of the prompt. */
  prompt: string;
  chat: PreparedChat;
}

/** Turns a question into a chat for the model. Where that cannot be, as with a chat that is too long, the error comes back. */
export function prepareQuestion(
  run: QuestionRun,
  question: EvalQuestion,
  seen: SeenMedium,
): PreparedQuestion | UserError {
  const { vlm, video } = run;
  const prompt = promptOf(run, question, seen.input.seconds);
  const messages = messagesOf(prompt, question.medium);
  try {
    const chat = { ...layOut(vlm, messages, [seen.input], video), visual: seen.visual };
    if (chat.ids.length < vlm.contextLength) return { question, seen, messages, prompt: hashOf(prompt), chat };
    chat.positions?.dispose();
    return new UserError(`The chat has ${chat.ids.length} tokens, but the model takes ${vlm.contextLength}.`, {
      code: 'ERR_CONTEXT',
    });
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function promptOf(
  { protocol, subtitles, vlm }: QuestionRun,
  question: EvalQuestion,
  seconds: readonly number[],
): Prompt {
  const { options, letters, written } = question;
  return protocol.prompt(
    {
      question: question.question,
      options,
      letters,
      ...(written ? { written } : {}),
      ...(subtitles && question.subtitles ? { subtitles: subtitlesAt(readSrt(question.subtitles), seconds) } : {}),
      frameSeconds: seconds,
    },
    vlm.family.traits,
  );
}

/** Media stand before the text, as in every protocol. */
function messagesOf({ system, text }: Prompt, medium: EvalMedium): VlmMessage[] {
  // It has been read: this only says that a video or an image stands here.
  const path = mediumPath(medium);
  const part: VlmPart = medium.type === 'image' ? { type: 'image', path } : { type: 'video', path };
  return [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: [part, { type: 'text', text }] },
  ];
}

function hashOf({ system = '', text }: Prompt): string {
  return createHash('sha256').update(`${system}\0${text}`).digest('hex').slice(0, 16);
}
