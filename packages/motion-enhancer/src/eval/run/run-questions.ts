import { UserError } from '@motion-enhancer/support';
import type { GenerationOptions } from '../../vlm/generate/generation-options.js';
import type { InputSettings, Vlm } from '../../vlm/types.js';
import { disposeVisual } from '../../vlm/visual.js';
import type { EvalQuestion } from '../benchmarks/question.js';
import type { JudgeName } from '../judges/types.js';
import type { MediaSource } from '../media/media-source.js';
import type { ReadMedium } from '../media/read-medium.js';
import type { Protocol } from '../prompts/types.js';
import { answerBatch } from './answer-batch.js';
import type { AnswerRecord } from './answer-record.js';
import type { AnswersFile } from './answers-file.js';
import { batchesOf, type MediumGroup } from './plan.js';
import { type PreparedQuestion, prepareQuestion } from './prepare-question.js';
import { readAhead } from './read-ahead.js';
import { failureOf, recordOf } from './record-of.js';
import { type SeenMedium, seeMedium } from './see-medium.js';

export interface QuestionRun {
  vlm: Vlm;
  protocol: Protocol;
  /** null: replies are not judged, as captions are not. */
  judge: JudgeName | null;
  video: InputSettings;
  decoding: GenerationOptions;
  subtitles: boolean;
  windows: readonly (readonly MediumGroup[])[];
  /** Ids of questions that have their answers. */
  done: ReadonlySet<string>;
  batch: number;
  pool: MediaSource;
  /** Media that are read ahead of the model. */
  ahead: number;
  file: AnswersFile;
  /** The run's folder. */
  out: string;
  pictures: boolean;
  signal?: AbortSignal;
  /** After each batch has been written. */
  onAnswers?(records: readonly AnswerRecord[]): void;
}

/**
 * Most tokens of a batch, padding included: keys and values of a 7B model are then below 15 GiB. Questions about one long video
 * must fit, or what they share would be computed for each; where memory does not suffice, batches are halved.
 */
const BATCH_TOKENS = 262_144;

type Media = AsyncGenerator<ReadMedium | UserError, void, void>;

/** Asks every question that has no answer yet, window by window; answers are written as they come. */
export async function runQuestions(run: QuestionRun): Promise<void> {
  const { windows, vlm, video, pictures } = run;
  // A window of which anything is open is read whole: its batches are those of a run that was never stopped.
  const open = windows.filter((groups) => groups.some(({ questions }) => questions.some((one) => isOpen(run, one))));
  const requests = open.flat().map(({ medium }) => ({ medium, settings: video, dtype: vlm.dtype, picture: pictures }));
  const media = readAhead(run.pool, requests, run.ahead);
  try {
    for (const groups of open) {
      if (run.signal?.aborted) return;
      await runWindow(run, groups, media);
    }
  } finally {
    await media.return();
  }
}

const isOpen = ({ done }: QuestionRun, { id }: EvalQuestion): boolean => !done.has(id);

async function runWindow(run: QuestionRun, groups: readonly MediumGroup[], media: Media): Promise<void> {
  const prepared: PreparedQuestion[] = [];
  const seenMedia: SeenMedium[] = [];
  const fail = (questions: readonly EvalQuestion[], error: UserError) =>
    write(
      run,
      questions.map((question) => [question, failureOf(question, error)]),
    );
  try {
    for (const group of groups) {
      const read = (await media.next()).value!;
      if (read instanceof UserError) {
        fail(group.questions, read);
        continue;
      }
      const seen = seeMedium(run.vlm, read, group, run.out);
      seenMedia.push(seen);
      for (const question of group.questions) {
        const one = prepareQuestion(run, question, seen);
        if (one instanceof UserError) fail([question], one);
        else prepared.push(one);
      }
    }
    sortForBatches(prepared);
    for (const batch of batchesOf(prepared, ({ chat }) => chat.ids.length, run.batch, BATCH_TOKENS)) {
      if (run.signal?.aborted) return;
      if (batch.some(({ question }) => isOpen(run, question))) answer(run, batch);
    }
  } finally {
    for (const { chat } of prepared) chat.positions?.dispose();
    for (const { visual } of seenMedia) disposeVisual(visual);
  }
}

/** By length, questions about one medium beside each other: what they share is then computed once a batch. */
function sortForBatches(prepared: PreparedQuestion[]): void {
  const longest = new Map<SeenMedium, number>();
  for (const { seen, chat } of prepared) longest.set(seen, Math.max(longest.get(seen) ?? 0, chat.ids.length));
  const order = new Map([...longest.keys()].map((seen, i) => [seen, i]));
  prepared.sort(
    (a, b) =>
      longest.get(a.seen)! - longest.get(b.seen)! ||
      order.get(a.seen)! - order.get(b.seen)! ||
      a.chat.ids.length - b.chat.ids.length,
  );
}

function answer(run: QuestionRun, batch: readonly PreparedQuestion[]): void {
  const began = performance.now();
  const answers = answerBatch(run, batch);
  const seconds = (performance.now() - began) / 1000 / batch.length;
  write(
    run,
    batch.map(({ question, prompt, seen }, i) => {
      const result = answers[i]!;
      const picture = seen.picture ? { picture: seen.picture } : {};
      const known = result instanceof UserError ? failureOf(question, result) : result;
      return [question, { prompt, frames: seen.input.seconds, ...picture, seconds, ...known }];
    }),
  );
}

/** Writes the answers that are not there yet. */
function write(run: QuestionRun, answers: readonly (readonly [EvalQuestion, Partial<AnswerRecord>])[]): void {
  const records = answers
    .filter(([question]) => isOpen(run, question))
    .map(([question, known]) => recordOf(question, known));
  run.file.append(records);
  run.onAnswers?.(records);
}
