import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  fromTypedArray,
  keep,
  noGrad,
  scope,
  type Tensor,
  UserError,
  writeFileAtomically,
  writeFully,
} from '@motion-enhancer/libtorch';
import { makeFolder } from '../../data/make-folder.js';
import { layOut } from '../../vlm/chat.js';
import type { GenerationOptions } from '../../vlm/generation-options.js';
import type { InputSettings, MediumInput, PreparedChat, Vlm, VlmMessage, VlmPart } from '../../vlm/types.js';
import { type EvalMedium, type EvalQuestion, mediumPath } from '../benchmarks/question.js';
import { readSrt, subtitlesAt } from '../benchmarks/srt.js';
import type { JudgeName } from '../judges/types.js';
import type { MediaPool } from '../media/media-pool.js';
import type { ReadMedium } from '../media/read-medium.js';
import type { Prompt, Protocol } from '../prompts/types.js';
import type { AnswerRecord } from './answer-record.js';
import type { AnswersFile } from './answers-file.js';
import { askBatch } from './ask-batch.js';
import { type Grades, grade, gradeChoice, gradeFailure, rightLetterOf } from './grade.js';
import { batchesOf, type MediumGroup } from './plan.js';
import { optionLosses } from './rank-options.js';

export interface QuestionRun {
  vlm: Vlm;
  protocol: Protocol;
  judge: JudgeName | null;
  video: InputSettings;
  decoding: GenerationOptions;
  subtitles: boolean;
  windows: readonly (readonly MediumGroup[])[];
  /** Questions that have their answers. */
  done: ReadonlySet<string>;
  batch: number;
  pool: MediaPool;
  /** Media that are read ahead of the model. */
  ahead: number;
  file: AnswersFile;
  /** Where pictures of the frames go; null: none are made. */
  pictures: string | null;
  signal?: AbortSignal;
  /** After each batch has been written. */
  onAnswers?(records: readonly AnswerRecord[]): void;
}

/** Most tokens of a batch, padding included: keys and values of a 7B model are then below 4 GiB. */
const BATCH_TOKENS = 65_536;

/** A medium that the model has seen. */
interface Seen {
  input: MediumInput;
  visual: Tensor | null;
  picture: string | undefined;
}

/** A question that waits for its answer. */
interface Asked {
  question: EvalQuestion;
  seen: Seen;
  messages: VlmMessage[];
  prompt: string;
  chat: PreparedChat;
}

/** Asks every question that has no answer yet, window by window; answers are written as they come. */
export async function runQuestions(run: QuestionRun): Promise<void> {
  const open = run.windows.filter((groups) => groups.some((group) => isOpen(run, group)));
  const media = readAhead(run, open.flat());
  try {
    for (const groups of open) {
      if (run.signal?.aborted) return;
      await runWindow(run, groups, media);
    }
  } finally {
    await media.return(undefined);
  }
}

const isOpen = ({ done }: QuestionRun, { questions }: MediumGroup): boolean =>
  questions.some(({ id }) => !done.has(id));

/** Media in order, some of them read before they are asked for. */
async function* readAhead(run: QuestionRun, groups: readonly MediumGroup[]): AsyncGenerator<ReadMedium | UserError> {
  const waiting: Promise<ReadMedium | UserError>[] = [];
  let next = 0;
  for (let taken = 0; taken < groups.length; taken++) {
    while (waiting.length < run.ahead && next < groups.length) {
      const { medium } = groups[next++]!;
      const request = { medium, settings: run.video, dtype: run.vlm.dtype, picture: run.pictures !== null };
      waiting.push(
        run.pool.read(request).catch((error: unknown) => {
          if (error instanceof UserError) return error;
          throw error;
        }),
      );
      // A failure is thrown when its turn comes, not before.
      waiting.at(-1)!.catch(() => {});
    }
    yield await waiting.shift()!;
  }
}

async function runWindow(
  run: QuestionRun,
  groups: readonly MediumGroup[],
  media: AsyncGenerator<ReadMedium | UserError>,
): Promise<void> {
  const asked: Asked[] = [];
  const seenMedia: Seen[] = [];
  try {
    for (const group of groups) {
      const read = (await media.next()).value as ReadMedium | UserError;
      if (read instanceof UserError) {
        write(run, group.questions, (question) => failure(question, read));
        continue;
      }
      const seen = see(run, read, group);
      seenMedia.push(seen);
      for (const question of group.questions) {
        const one = ask(run, question, seen);
        if (one instanceof UserError) write(run, [question], () => failure(question, one));
        else asked.push(one);
      }
    }
    const sorted = asked.sort((a, b) => a.chat.ids.length - b.chat.ids.length);
    for (const batch of batchesOf(sorted, ({ chat }) => chat.ids.length, run.batch, BATCH_TOKENS)) {
      if (run.signal?.aborted) return;
      // A batch is whole or not at all: a run that goes on computes what it would have.
      if (batch.some(({ question }) => !run.done.has(question.id))) answerBatch(run, batch);
    }
  } finally {
    for (const { chat } of asked) chat.positions?.dispose();
    for (const { visual } of seenMedia) visual?.dispose();
  }
}

/** Encodes a medium and forgets its pixels. */
function see(run: QuestionRun, read: ReadMedium, group: MediumGroup): Seen {
  const { pixels: bytes, shape, dtype, picture, ...rest } = read;
  const pixels = scope(() => keep(fromTypedArray(bytes, shape, dtype)));
  try {
    const input: MediumInput = { ...rest, pixels };
    const visual = keep(noGrad(() => scope(() => run.vlm.encode([input]))));
    return { input, visual, picture: picture && run.pictures ? savePicture(run.pictures, group, picture) : undefined };
  } finally {
    pixels.dispose();
  }
}

/** A name for a medium's picture that does not depend on where the data lie. */
function savePicture(dir: string, group: MediumGroup, png: Uint8Array): string {
  const name = `${createHash('sha256').update(group.questions[0]!.id).digest('hex').slice(0, 12)}.png`;
  makeFolder(join(dir, 'frames'));
  writeFileAtomically(join(dir, 'frames', name), png.byteLength, (fd) => writeFully(fd, png));
  return `frames/${name}`;
}

function ask(run: QuestionRun, question: EvalQuestion, seen: Seen): Asked | UserError {
  const { vlm, protocol, video } = run;
  const { seconds } = seen.input;
  const prompt = protocol.prompt(
    {
      question: question.question,
      options: question.options,
      letters: question.letters,
      ...(question.written ? { written: question.written } : {}),
      ...(run.subtitles && question.subtitles ? { subtitles: subtitlesAt(readSrt(question.subtitles), seconds) } : {}),
      frameSeconds: seconds,
    },
    vlm.family,
  );
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

/** Media stand before the text, as in every protocol. */
function messagesOf({ system, text }: Prompt, medium: EvalMedium): VlmMessage[] {
  // What is read has been read: the path only says that a video or an image stands here.
  const path = mediumPath(medium);
  const part: VlmPart = medium.type === 'image' ? { type: 'image', path } : { type: 'video', path };
  return [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: [part, { type: 'text', text }] },
  ];
}

const hashOf = ({ system, text }: Prompt): string =>
  createHash('sha256')
    .update(`${system ?? ''}\0${text}`)
    .digest('hex')
    .slice(0, 16);

function answerBatch(run: QuestionRun, batch: readonly Asked[]): void {
  const began = performance.now();
  const results = run.protocol.reading === 'loss-ranking' ? rank(run, batch) : reply(run, batch);
  const seconds = (performance.now() - began) / 1000 / batch.length;
  write(
    run,
    batch.map(({ question }) => question),
    (question) => {
      const place = batch.findIndex((one) => one.question === question);
      const { seen, prompt } = batch[place]!;
      const result = results[place]!;
      const base = {
        prompt,
        frames: seen.input.seconds,
        ...(seen.picture ? { picture: seen.picture } : {}),
        seconds,
      };
      return result instanceof UserError ? { ...failure(question, result), ...base } : { ...base, ...result };
    },
  );
}

type Result = Pick<AnswerRecord, 'output' | 'tokens' | 'losses'> & Grades;

function reply({ vlm, decoding, judge }: QuestionRun, batch: readonly Asked[]): (Result | UserError)[] {
  return askBatch(
    vlm,
    batch.map(({ chat }) => chat),
    decoding,
  ).map((one, i): Result | UserError => {
    if (one instanceof UserError) return one;
    const { question, chat } = batch[i]!;
    const grades: Grades = judge
      ? grade(question, one.text, judge)
      : { parsed: {}, judged: {}, chosen: null, correct: null };
    return { output: one.text, tokens: { prompt: chat.ids.length, reply: one.tokens }, ...grades };
  });
}

function rank({ vlm, protocol, video }: QuestionRun, batch: readonly Asked[]): (Result | UserError)[] {
  if (protocol.reading !== 'loss-ranking') throw new TypeError('not a protocol that ranks options');
  const { reduction, before } = protocol;
  return batch.map(({ question, seen, messages }): Result | UserError => {
    try {
      const { losses, tokens } = optionLosses(vlm, {
        messages,
        inputs: [seen.input],
        visual: seen.visual,
        settings: video,
        options: question.options,
        reduction,
        before,
      });
      const letter = question.letters[losses.indexOf(Math.min(...losses))]!;
      return { output: null, tokens: { prompt: tokens, reply: 0 }, losses, ...gradeChoice(question, letter) };
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  });
}

/** The record of a question that got no answer. */
function failure(question: EvalQuestion, error: UserError): Partial<AnswerRecord> {
  return {
    output: null,
    tokens: null,
    ...gradeFailure(question),
    error: { code: error.code ?? 'ERR', message: error.message },
  };
}

/** Writes those of the answers that are not there yet. */
function write(
  run: QuestionRun,
  questions: readonly EvalQuestion[],
  make: (question: EvalQuestion) => Partial<AnswerRecord>,
): void {
  const records = questions
    .filter(({ id }) => !run.done.has(id))
    .map((question): AnswerRecord => {
      const { id, type, tags, options, letters, medium } = question;
      return {
        id,
        type,
        tags,
        question: question.question,
        options,
        letters,
        right: rightLetterOf(question),
        medium: mediumPath(medium),
        prompt: '',
        output: null,
        tokens: null,
        parsed: {},
        judged: {},
        chosen: null,
        correct: null,
        frames: [],
        seconds: 0,
        at: new Date().toISOString(),
        ...make(question),
      };
    });
  run.file.append(records);
  run.onAnswers?.(records);
}
