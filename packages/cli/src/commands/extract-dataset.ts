import { type Fields, pick, type Values } from '@motion-enhancer/core/internal/config/field.js';
import type { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { parseDataSpec, readData } from '@motion-enhancer/core/internal/data/rows.js';
import { fromAttention } from '@motion-enhancer/core/internal/prior/check-options.js';
import { PRIOR_FIELDS } from '@motion-enhancer/core/internal/prior/config.js';
import { chooseRows, rowsOfVideos } from '@motion-enhancer/core/internal/prior/dataset/choose-rows.js';
import { appendFailure, FAILURES } from '@motion-enhancer/core/internal/prior/dataset/failures.js';
import {
  type Counts,
  manifestName,
  type RunFacts,
  type RunSettings,
  type RunState,
  writeManifest,
} from '@motion-enhancer/core/internal/prior/dataset/manifest.js';
import type { RowEvent } from '@motion-enhancer/core/internal/prior/dataset/row-event.js';
import { runDataset } from '@motion-enhancer/core/internal/prior/dataset/run-dataset.js';
import { TEXT_FROM } from '@motion-enhancer/core/internal/prior/dataset/text-of-row.js';
import { missingWords } from '@motion-enhancer/core/internal/prior/diffusion/text-fit.js';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { planPrior, settled } from '@motion-enhancer/core/internal/prior/memory-plan.js';
import { readSelections } from '@motion-enhancer/core/internal/prior/selection/selections.js';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { readGroupEnvironment, version } from '@motion-enhancer/libtorch';
import { CODE_VERSION, parseShard, sha256File, UserError } from '@motion-enhancer/support';
import { createProgress, type Progress } from '../progress.js';
import { type OUTPUT_FIELDS, resolveRun } from '../run-options.js';
import { stopOnSignal } from '../stop-on-signal.js';
import { unusedFields } from '../tell-data.js';
import { logPlan, printPlan } from '../tell-plan.js';
import { workerPlace } from '../worker-place.js';

/** Settings of `extract --data`. */
export const DATASET_FIELDS = {
  media: {
    type: 'path',
    default: '',
    text: 'With --data: folder that relative video paths start from; the data file’s by default',
  },
  textFrom: {
    type: 'choice',
    choices: TEXT_FROM,
    default: 'descriptive',
    text: 'With --data: text of a row that the diffusion model gets; descriptive is the caption, or the answer to a question for one, else question and answer; with question, rows need no answer',
  },
  shard: { type: 'string', default: '', text: 'With --data: i/n takes every n-th row from the i-th on, i from 0' },
  limit: { type: 'integer', default: 0, min: 0, text: 'With --data: the first N rows, before sharding; 0 is all' },
  textBatch: {
    type: 'integer',
    default: 512,
    min: 1,
    text: 'With --data: texts that are encoded at a time; the text encoder is loaded for them, then freed',
  },
} as const satisfies Fields;

type Settings = Values<typeof DATASET_FIELDS & typeof PRIOR_FIELDS & typeof DEVICE_FIELDS & typeof OUTPUT_FIELDS> & {
  data: string;
  out: string;
  selections: string;
  plan: boolean;
  onBroken: 'fail' | 'skip' | 'use';
};

/** Rows whose text is not seen whole are reported one by one up to here. */
const MAX_REPORTED_TEXTS = 10;
/** Exit code of a run that a signal ended. */
const INTERRUPTED = 130;

/**
 * `extract --data`: priors of all rows.
 * @param fetchVdm gives the folder of the diffusion model, once the data are known to be usable
 * @returns 0 when any row has its prior, 2 when none has, 130 after a signal
 */
export async function extractDataset(values: Settings, fetchVdm: () => Promise<string>): Promise<number> {
  const shard = parseShard(values.shard);
  const data = await readData([values.data], {
    media: values.media,
    seed: values.seed,
    prompts: values.textFrom === 'question',
  });
  const { usable, bad } = rowsOfVideos(data);
  const entries = chooseRows(usable, bad, shard, values.limit);
  const place = workerPlace(values.device);
  const run = resolveRun({ ...values, device: place.device });
  // Mistakes in the data are reported before a checkpoint is fetched.
  const dir = await fetchVdm();
  const requested = pick(PRIOR_FIELDS, values);
  const others = values.selections ? readSelections(values.selections, requested) : [];
  const plan = planPrior(dir, requested, run, { others: others.map((one) => one.config), ahead: true });
  if (values.plan) {
    printPlan(plan, values.json);
    return 0;
  }
  const store = new PriorStore(values.out);
  const progress = createProgress({
    label: 'extract',
    unit: 'rows',
    json: values.json,
    ...(run.device === 'cpu' ? {} : { device: run.device }),
    ...(place.stream ? { stream: place.stream } : {}),
  });
  if (place.size > 1)
    progress.log(`${place.size} processes share the rows: those that others have made count as existing`);
  const stop = stopOnSignal((signal) =>
    progress.log(`${signal}: the row in flight is finished, then the run ends; a second signal ends it at once`),
  );
  try {
    for (const set of data.sets) {
      const note = unusedFields(set);
      if (note) progress.log(note);
    }
    logPlan(progress, plan, values.json);
    const config = settled(requested, plan.capture);
    const selections = others.map((one, i) => ({ ...one, config: settled(one.config, plan.others[i]!) }));
    progress.stage('load');
    const vdm = await loadVdm(dir, { ...run, decoder: config.keepStrip, denoiser: fromAttention(config) });
    try {
      if (vdm.weights === 'random')
        progress.log('note: this checkpoint has untrained random weights: its maps mean nothing');
      const planned = plan.capture;
      return await extractEntries({
        values,
        run,
        vdm,
        store,
        entries,
        config,
        selections,
        planned,
        progress,
        stop: stop.signal,
      });
    } finally {
      vdm.dispose();
    }
  } finally {
    stop.dispose();
  }
}

interface Extraction {
  values: Settings;
  run: ReturnType<typeof resolveRun>;
  vdm: Awaited<ReturnType<typeof loadVdm>>;
  store: PriorStore;
  entries: ReturnType<typeof chooseRows>;
  config: ReturnType<typeof settled>;
  selections: ReturnType<typeof readSelections>;
  planned: RunFacts['planned'];
  progress: Progress;
  stop: AbortSignal;
}

/** Computes the priors, keeping the manifest and the list of failures as they are. @returns the exit code */
async function extractEntries(extraction: Extraction): Promise<number> {
  const { values, vdm, store, entries, config, selections, planned, progress, stop } = extraction;
  const settings = await runSettings(extraction);
  const startedAt = new Date().toISOString();
  let counts: Counts = { rows: entries.length, done: 0, existed: 0, failed: 0 };
  const texts = { cutRows: 0, cutWords: 0, unknownRows: 0, unknownWords: 0 };
  const facts: RunFacts = { planned, captures: {}, broken: [], texts };
  const write = (state: RunState) => writeManifest(store.dir, settings, { state, counts, startedAt, ...facts });
  write('running');
  const show = rowReporter(progress, values.json, entries.length);
  const { textFrom, onBroken, textBatch } = values;
  try {
    counts = await runDataset({
      vdm,
      store,
      entries,
      config,
      selections,
      textFrom,
      onBroken,
      textBatch,
      signal: stop,
      onRow(event, now) {
        counts = now;
        const { line, id, video, reason } = event;
        note(facts, event);
        if (reason !== undefined) appendFailure(store.dir, manifestName(settings), { line, id, video, reason });
        show.row(event, now);
      },
      onProgress: (id, stage) => show.inside(`${id}: ${stage}`),
      onWait: (waiting) => progress.log(`waiting for ${waiting} rows that other processes compute`),
    });
  } catch (error) {
    tryTo(() => write('failed'));
    progress.finish(summary(counts));
    throw error;
  }
  write(stop.aborted ? 'interrupted' : 'finished');
  progress.finish(`${stop.aborted ? 'interrupted: ' : ''}${summary(counts)}`);
  reportTexts(progress, facts.texts);
  if (readGroupEnvironment().rank === 0) report(values, settings, counts);
  if (stop.aborted) return INTERRUPTED;
  return counts.done + counts.existed === 0 && counts.failed > 0 ? 2 : 0;
}

/** What the manifest says of the run as a whole. */
async function runSettings({ values, run, vdm, config, selections }: Extraction): Promise<RunSettings> {
  return {
    options: config,
    ...(selections.length > 0 ? { selections } : {}),
    model: { vdm: vdm.dir, sha256: vdm.sha256, weights: vdm.weights, ...run },
    data: { file: values.data, sha256: await sha256File(parseDataSpec(values.data).path), media: values.media },
    textFrom: values.textFrom,
    onBroken: values.onBroken,
    shard: values.shard,
    limit: values.limit,
    code: `${CODE_VERSION}, libtorch ${version()}`,
  };
}

function reportTexts(progress: Progress, { cutRows, cutWords, unknownRows, unknownWords }: RunFacts['texts']): void {
  if (cutRows > 0)
    progress.log(`texts: the text encoder's limit cut ${cutWords} words of ${cutRows} rows; those words have no prior`);
  if (unknownRows > 0) progress.log(`texts: the tokenizer does not know ${unknownWords} words of ${unknownRows} rows`);
}

/** What the manifest says of a row beyond the counts. */
function note(facts: RunFacts, { state, capture, brokenVideo, line, id, video, text }: RowEvent): void {
  if (text && state !== 'failed') {
    facts.texts.cutRows += text.cut > 0 ? 1 : 0;
    facts.texts.cutWords += text.cut;
    facts.texts.unknownRows += text.unknown > 0 ? 1 : 0;
    facts.texts.unknownWords += text.unknown;
  }
  if (capture) {
    const way = `${capture.squareSum}${capture.fused ? ', fused' : ''}`;
    facts.captures[way] = (facts.captures[way] ?? 0) + 1;
  }
  if (brokenVideo !== undefined) facts.broken.push({ line, id, video, reason: brokenVideo, used: state !== 'failed' });
}

/** Reports rows as they end; the rate starts anew at the first that is computed, for existing ones cost next to nothing. */
function rowReporter(progress: Progress, json: boolean, total: number) {
  let computing = false;
  let ended = 0;
  let note = '';
  let texts = 0;
  progress.stage('rows', { total });
  return {
    inside(text: string): void {
      if (!computing) progress.stage('compute', { total, done: ended });
      computing = true;
      // Each report is also a sample of the rate: one a stage, not one a step.
      if (text !== note) progress.update(ended, text);
      note = text;
    },
    row(event: RowEvent, counts: Counts): void {
      ended = counts.done + counts.existed + counts.failed;
      if (json) progress.log(JSON.stringify({ type: 'row', ...event }));
      else if (event.state === 'failed') progress.log(`row ${event.line} (${event.id}) failed: ${event.reason}`);
      else if (event.storedAs !== undefined)
        progress.log(`row ${event.line} (${event.id}): its prior is there under the id ${event.storedAs}`);
      if (!json && event.text && event.state !== 'failed' && texts++ < MAX_REPORTED_TEXTS)
        progress.log(
          `row ${event.line} (${event.id}): ${missingWords(event.text)}${texts === MAX_REPORTED_TEXTS ? '; further rows are counted' : ''}`,
        );
      progress.update(ended, event.id);
    },
  };
}

const left = ({ rows, done, existed, failed }: Counts): number => rows - done - existed - failed;

const summary = (counts: Counts): string =>
  [
    `${counts.done} done`,
    `${counts.existed} existed`,
    `${counts.failed} failed`,
    ...(left(counts) > 0 ? [`${left(counts)} left`] : []),
  ].join(', ');

function report({ json, out }: Settings, settings: RunSettings, counts: Counts): void {
  const manifest = `${out}/${manifestName(settings)}`;
  const failures = counts.failed > 0 ? `${out}/${FAILURES}` : null;
  if (json) {
    console.log(JSON.stringify({ type: 'dataset', out, manifest, failures, ...counts, left: left(counts) }));
    return;
  }
  console.log(`priors   ${out}: ${summary(counts)}`);
  console.log(`manifest ${manifest}`);
  if (failures) console.log(`failures ${failures}`);
}

/** On the way out with an error already: another one of the same disk says no more. */
function tryTo(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}
