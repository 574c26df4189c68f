import { UserError } from '@motion-enhancer/support';
import { type GenerationOptions, type PreparedChat, replies, type Vlm } from '../../vlm/index.js';
import { rankByLoss } from '../judges/loss-ranking.js';
import type { AnswerRecord } from './answer-record.js';
import { type Grades, grade, gradeChoice } from './grade.js';
import type { PreparedQuestion } from './prepare-question.js';
import { optionLosses } from './rank-options.js';
import type { QuestionRun } from './run-questions.js';

export type Answer = Pick<AnswerRecord, 'output' | 'tokens' | 'losses'> & Grades;

/** Answers of a batch, graded; an error where a question has none. */
export function answerBatch(run: QuestionRun, batch: readonly PreparedQuestion[]): (Answer | UserError)[] {
  return run.protocol.reading === 'loss-ranking' ? ranked(run, batch) : replied(run, batch);
}

function replied({ vlm, decoding, judge }: QuestionRun, batch: readonly PreparedQuestion[]): (Answer | UserError)[] {
  const chats = batch.map(({ chat }) => chat);
  return replyTo(vlm, chats, decoding).map((reply, i): Answer | UserError => {
    if (reply instanceof UserError) return reply;
    const { question, chat } = batch[i]!;
    const grades: Grades = judge
      ? grade(question, reply.text, judge)
      : { parsed: {}, judged: {}, chosen: null, correct: null };
    return { output: reply.text, tokens: { prompt: chat.ids.length, reply: reply.ids.length }, ...grades };
  });
}

function ranked({ vlm, protocol, video }: QuestionRun, batch: readonly PreparedQuestion[]): (Answer | UserError)[] {
  if (protocol.reading !== 'loss-ranking') throw new TypeError('options are ranked by protocols of loss ranking only');
  return batch.map(({ question, seen, messages }): Answer | UserError => {
    try {
      const { losses, tokens } = optionLosses(vlm, {
        messages,
        inputs: [seen.input],
        visual: seen.visual,
        settings: video,
        options: question.options,
        endMark: protocol.endMark,
      });
      const ranking = rankByLoss(losses, protocol.reduction);
      const grades = gradeChoice(question, question.letters[ranking.choice]!);
      return { output: null, tokens: { prompt: tokens, reply: 0 }, losses: ranking.losses, ...grades };
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  });
}

/** Replies to a batch; where memory does not suffice, to its halves, and an error for a chat that is too long by itself. */
function replyTo(
  vlm: Vlm,
  chats: readonly PreparedChat[],
  options: GenerationOptions,
): ({ text: string; ids: number[] } | UserError)[] {
  try {
    return replies(vlm, chats, options);
  } catch (error) {
    if ((error as Error).name !== 'OutOfMemoryError') throw error;
    if (chats.length > 1) {
      const half = Math.ceil(chats.length / 2);
      return [...replyTo(vlm, chats.slice(0, half), options), ...replyTo(vlm, chats.slice(half), options)];
    }
    return [
      new UserError(
        `Its ${chats[0]!.ids.length} tokens do not fit into memory. Lower max-frames or max-pixels, or give --prefill-chunk.`,
        { code: 'ERR_MEMORY' },
      ),
    ];
  }
}
