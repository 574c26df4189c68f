import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { version } from '@motion-enhancer/libtorch';
import {
  CODE_VERSION,
  isWritable,
  parseShard,
  removeTemporaries,
  sha256File,
  UserError,
} from '@motion-enhancer/support';
import type { GenerationOptions } from '../../vlm/generate/generation-options.js';
import type { VideoSettings } from '../../vlm/media/video-input.js';
import type { Vlm } from '../../vlm/types.js';
import type { EvalQuestion, LoadedBenchmark } from '../benchmarks/question.js';
import { judgeOf } from '../judges/index.js';
import type { JudgeName } from '../judges/types.js';
import { type MediaSource, openMediaSource } from '../media/media-source.js';
import { type Protocol, recipeOf } from '../prompts/index.js';
import { readAnswerLine } from './answer-line.js';
import type { AnswerRecord } from './answer-record.js';
import { AnswersFile, answersClaim } from './answers-file.js';
import { fingerprintOf, fingerprintVersion } from './fingerprint.js';
import { groupsOf, shardOf, windowsOf } from './plan.js';
import { needsSums, readRunAnswers } from './read-answers.js';
import { runQuestions } from './run-questions.js';
import { openRun, RUN_FILE, type RunFile, readRun } from './run-settings.js';

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
  /** What is noticed of earlier answers. */
  onNote?(text: string): void;
  onStart?(state: { total: number; done: number; media: number }): void;
  onAnswers?(records: readonly AnswerRecord[]): void;
}

export interface EvalResult {
  run: RunFile;
  /** Of this process: its shard's questions, those that had answers before, those answered now. */
  total: number;
  before: number;
  answered: number;
  /** Ids of all questions of the run, whichever shard has them. */
  ids: ReadonlySet<string>;
}

/** Windows hold so many batches: more would sort better by length, fewer keep less in memory and wait less for media. */
const BATCHES_A_WINDOW = 2;
const MAX_WORKERS = 8;

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
  const ids = new Set(questions.map(({ id }) => id));
  const found = usableAnswers(options, ids, run);
  const done = new Set(
    [...found.answers.values()].filter(({ error }) => !(error && options.retryErrors)).map(({ id }) => id),
  );
  const mine = groups.flatMap((group) => group.questions);
  const before = mine.filter(({ id }) => done.has(id)).length;
  options.onStart?.({ total: mine.length, done: before, media: groups.length });
  let answered = 0;
  if (before < mine.length || (found.dropped > 0 && isWritable(out))) {
    const workers = options.workers || Math.max(1, Math.min(MAX_WORKERS, availableParallelism() - 1, groups.length));
    const file = new AnswersFile(out, shard, (line) => keepsLine(line, ids, run));
    for (const folder of [out, join(out, 'frames')]) removeTemporaries(folder, out, answersClaim(shard));
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
  return { run, total: mine.length, before, answered, ids };
}

/** Answers of the folder that are of this run's questions and undamaged; anything else there is reported. */
function usableAnswers(
  { out, onNote }: EvalOptions,
  ids: ReadonlySet<string>,
  run: RunFile,
): { answers: Map<string, AnswerRecord>; dropped: number } {
  const { answers, damaged } = readRunAnswers(out);
  const unknown = [...answers.keys()].filter((id) => !ids.has(id));
  for (const id of unknown) answers.delete(id);
  if (damaged > 0)
    onNote?.(`${damaged} damaged lines of the answers in ${out} are left out: their questions are asked again`);
  if (unknown.length > 0)
    onNote?.(
      `${unknown.length} answers in ${out} are left out, for ${run.settings.benchmark} has no such question: ${unknown.slice(0, 5).join(', ')}`,
    );
  return { answers, dropped: damaged + unknown.length };
}

function keepsLine(line: string, ids: ReadonlySet<string>, run: RunFile): boolean {
  const read = readAnswerLine(line);
  return read !== null && ids.has(read.record.id) && (read.checked || !needsSums(run));
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
  const { vlm, loaded, protocol, subtitles, types, limit, video, decoding, changed, batch, out } = options;
  const there = runThere(out);
  const { version: protocolVersion, judge } = versionOf(options, there);
  return {
    format: there?.format ?? 2,
    settings: {
      benchmark: loaded.benchmark,
      split: loaded.split,
      types,
      limit,
      protocol: protocol.name,
      protocolVersion,
      judge,
      subtitles,
      video,
      decoding,
      changed,
      data: await sha256File(loaded.file),
      // A run goes on by the fingerprint that it was begun with.
      model: fingerprintOf(vlm.dir, there ? fingerprintVersion(there.settings.model) : 2),
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

/**
 * The protocol's version and the judge. A run that was begun with an earlier version, which differs in the judge alone, goes
 * on with that one.
 * @throws UserError ERR_VALUE naming the judges there are
 */
function versionOf(
  { protocol, judge }: EvalOptions,
  there: RunFile | null,
): { version: number; judge: JudgeName | null } {
  const { version } = protocol;
  if (protocol.reading !== 'reply') {
    if (judge === '') return { version, judge: null };
    throw new UserError(
      `Expected a protocol with replies to judge for judge but received ${protocol.name} of ${protocol.benchmark}, which has ${protocol.reading === 'caption' ? 'captions' : 'option losses'}. Leave --judge out.`,
      { code: 'ERR_VALUE' },
    );
  }
  const earlier =
    there?.settings.protocol === protocol.name
      ? protocol.earlier?.find((one) => one.version === there.settings.protocolVersion)
      : undefined;
  const own = earlier ?? protocol;
  return { version: own.version, judge: judgeOf(judge || own.judge).name };
}

const runThere = (out: string): RunFile | null => (existsSync(join(out, RUN_FILE)) ? readRun(out) : null);
