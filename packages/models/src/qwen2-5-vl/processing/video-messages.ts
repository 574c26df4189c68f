import { UserError } from '@motion-enhancer/support';
import type { ChatMessage } from './chat-template.js';

/** One turn of a conversation about a video, text only. */
export interface VideoChatTurn {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** What is said about a video. */
export interface VideoQuestion {
  /** The question. Left out when there are `turns`. */
  prompt?: string;
  /** With it, the chat is a training sample; without, it ends where the reply begins. */
  answer?: string;
  /** A whole conversation instead of prompt and answer; the video is put before the first user's text. */
  turns?: readonly VideoChatTurn[];
}

/** The messages of a question about a video. @throws UserError ERR_VALUE when no user speaks */
export function videoMessages({ prompt, answer, turns }: VideoQuestion): ChatMessage[] {
  const given = turns ?? [
    ...(prompt === undefined ? [] : [{ role: 'user' as const, content: prompt }]),
    ...(answer === undefined ? [] : [{ role: 'assistant' as const, content: answer }]),
  ];
  const first = given.findIndex((turn) => turn.role === 'user');
  if (first < 0)
    throw new UserError(
      `Expected a question (a user's turn) about the video but received ${given.map((turn) => turn.role).join(', ') || 'nothing'}.`,
      { code: 'ERR_VALUE' },
    );
  return given.map(({ role, content }, i) => ({
    role,
    content: i === first ? [{ type: 'video' }, { type: 'text', text: content }] : content,
  }));
}
