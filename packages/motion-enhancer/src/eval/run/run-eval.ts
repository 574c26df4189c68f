import { availableParallelism } from 'node:os';
import { version } from '@motion-enhancer/libtorch';
import { CODE_VERSION, parseShard, sha256File, UserError } from '@motion-enhancer/support';
import type { GenerationOptions } from '../../vlm/generate/generation-options.js';
import type { VideoSettings } from '../../vlm/media/video-input.js';
import type { Vlm } from '../../vlm/types.js';
import type { EvalQuestion, LoadedBenchmark } from '../benchmarks/question.js';
import { judgeOf } from '../judges/index.js';
import type { JudgeName } from '../judges/types.js';
import { type MediaSource, openMediaSource } from '../media/media-source.js';
import { type Protocol, recipeOf } from '../prompts/index.js';
import type { AnswerRecord } from './answer-record.js';
import { AnswersFile, readAnswers } from './answers-file.js';
import { groupsOf, shardOf, windowsOf } from './plan.js';
import { runQuestions } from './run-questions.js';
import { fingerprintOf, openRun, type RunFile } from './run-settings.js';

export interface EvalOptions {
  vlm: Vlm;
  loaded: LoadedBenchmark;
  protocol: Protocol;
  /** Instead of the protocol's; '' is its own. */
  judge: string;
  video: VideoSettings;
  decoding: Omit<GenerationOptions, 'onText'>;
  /** Settings in which the caller stands above the protocol. */
  changed: readonly string[];
  subtitles: boolean;
  types: readonly string[];
  limit: number;
  /** `i/n`, or '' for all. */
  shard: string;
  batch: number;
  /** Threads that read media; 0: as many as the cores allow. */
  workers: number;
  /** Threads of the caller's instead, which stay open; of the same checkpoint. */
  pool?: MediaSource;
  pictures: boolean;
  /** Ask questions again that ended in an error. */
  retryErrors: boolean;
  out: string;
  signal?: AbortSignal;
  onStart?(state: { total: number; done: number; media: number }): void;
  onAnswers?(records: readonly AnswerRecord[]): void;
}

export interface EvalResult {
  run: RunFile;
  /** Of this process: its shard's questions, those that had answers before, those answered now. */
  total: number;
  before: number;
  answered: number;
}

/** Windows hold so many batches: more would sort better by length, fewer keep less in memory and wait less for media. */
const BATCHES_A_WINDOW = 2;
const MOST_WORKERS = 8;

/**
 * Answers a benchmark's questions into a folder, going on where an earlier run of the same settings stopped.
 * @throws UserError ERR_RUN (the folder is another run's), ERR_VALUE, ERR_WRITE
 */
export async function runEval(options: EvalOptions): Promise<EvalResult> {
  const { vlm, out, shard, batch } = options;
  const questions = chosenQuestions(options);
  const groups = shardOf(groupsOf(questions), parseShard(shard));
  const run = await describeRun(options, questions);
  openRun(out, run);
  const answers = readAnswers(out);
  const done = new Set(
    [...answers.values()].filter(({ error }) => !(error && options.retryErrors)).map(({ id }) => id),
  );
  const mine = groups.flatMap((group) => group.questions);
  const before = mine.filter(({ id }) => done.has(id)).length;
  options.onStart?.({ total: mine.length, done: before, media: groups.length });
  let answered = 0;
  if (before < mine.length) {
    const workers = options.workers || Math.max(1, Math.min(MOST_WORKERS, availableParallelism() - 1, groups.length));
    const file = new AnswersFile(out, shard);
    const pool = options.pool ?? openMediaSource(vlm, workers);
    try {
      await runQuestions({
        ...options,
        judge: run.settings.judge,
        windows: windowsOf(groups, BATCHES_A_WINDOW * batch),
        done,
        pool,
        ahead: 2 * workers,
        file,
        onAnswers(records) {
          answered += records.length;
          options.onAnswers?.(records);
        },
      });
    } finally {
      file.close();
      if (!options.pool) await pool.close();
    }
  }
  return { run, total: mine.length, before, answered };
}

/** Those of the types that were asked for, at most `limit` of them. @throws UserError ERR_VALUE */
function chosenQuestions({ loaded, types, limit }: EvalOptions): EvalQuestion[] {
  const there = [...new Set(loaded.questions.map(({ type }) => type))];
  for (const type of types)
    if (!there.includes(type))
      throw new UserError(`Expected types of ${loaded.benchmark} (${there.join(', ')}) but received "${type}".`, {
        code: 'ERR_VALUE',
      });
  const chosen = loaded.questions.filter(({ type }) => types.length === 0 || types.includes(type));
  return limit > 0 ? chosen.slice(0, limit) : chosen;
}

async function describeRun(options: EvalOptions, questions: readonly EvalQuestion[]): Promise<RunFile> {
  const { vlm, loaded, protocol, subtitles, types, limit, video, decoding, changed, batch } = options;
  const judge = judgeName(options);
  return {
    format: 1,
    settings: {
      benchmark: loaded.benchmark,
      split: loaded.split,
      types,
      limit,
      protocol: protocol.name,
      protocolVersion: protocol.version,
      judge,
      subtitles,
      video,
      decoding,
      changed,
      data: await sha256File(loaded.file),
      model: fingerprintOf(vlm.dir),
      dtype: vlm.dtype,
      batch,
    },
    recipe: recipeOf(protocol, vlm.family.traits),
    vlm: {
      dir: vlm.dir,
      family: vlm.family.id,
      weights: vlm.weights,
      repetitionPenalty: vlm.generation.repetitionPenalty,
    },
    data: { file: loaded.file, questions: questions.length, media: groupsOf(questions).length },
    counts: loaded.counts,
    bad: loaded.bad,
    notes: [...loaded.notes, ...(subtitles ? [subtitleNote(questions)] : [])],
    device: vlm.device,
    code: `${CODE_VERSION}, libtorch ${version()}`,
    startedAt: new Date().toISOString(),
  };
}

function subtitleNote(questions: readonly EvalQuestion[]): string {
  const videos = groupsOf(questions);
  const spoken = videos.filter((group) => group.questions.some(({ subtitles }) => subtitles !== null));
  return `subtitles of ${spoken.length} of ${videos.length} videos`;
}

/** @throws UserError ERR_VALUE naming the judges there are */
function judgeName({ protocol, judge }: EvalOptions): JudgeName | null {
  if (protocol.reading !== 'reply') {
    if (judge === '') return null;
    throw new UserError(
      `Expected a protocol with replies to judge for judge but received ${protocol.name} of ${protocol.benchmark}, which has ${protocol.reading === 'caption' ? 'captions' : 'option losses'}. Leave --judge out.`,
      { code: 'ERR_VALUE' },
    );
  }
  return judgeOf(judge || protocol.judge).name;
}
