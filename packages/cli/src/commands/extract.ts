import { join, resolve } from 'node:path';
import type { Fields, Values } from '@motion-enhancer/core/internal/config/field.js';
import { pick } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS, WORKER_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { flagNames, parseFlags } from '@motion-enhancer/core/internal/config/flags.js';
import { checkOptions, fromAttention, unusedOptions } from '@motion-enhancer/core/internal/prior/check-options.js';
import { PRIOR_FIELDS, type PriorConfig } from '@motion-enhancer/core/internal/prior/config.js';
import { checkText } from '@motion-enhancer/core/internal/prior/diffusion/check-text.js';
import { videoDiffusionFiles } from '@motion-enhancer/core/internal/prior/diffusion/families.js';
import { missingWords } from '@motion-enhancer/core/internal/prior/diffusion/text-fit.js';
import { loadVdm, textFitOf, vdmHash } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { planPrior, settled } from '@motion-enhancer/core/internal/prior/memory-plan.js';
import { PRESET_NAMES, PRESETS } from '@motion-enhancer/core/internal/prior/presets.js';
import { computePrior, existingPrior, readSample } from '@motion-enhancer/core/internal/prior/run-extract.js';
import { readSelections } from '@motion-enhancer/core/internal/prior/selection/selections.js';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { writeHeatMaps } from '@motion-enhancer/core/internal/view/heat-maps.js';
import { scope } from '@motion-enhancer/libtorch';
import { wordSpans } from '@motion-enhancer/models';
import { expected, UserError } from '@motion-enhancer/support';
import { fetchCheckpoint, OR_NAME } from '../fetch-checkpoint.js';
import { fileName } from '../file-name.js';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import { startOwnGroup, startsOwnGroup } from '../start-own-group.js';
import { logPlan, printPlan } from '../tell-plan.js';
import { DATASET_FIELDS, extractDataset } from './extract-dataset.js';
import type { Command } from './registry.js';

export const EXTRACT_FIELDS = {
  vdm: { type: 'path', default: '', required: true, text: `Folder of a video diffusion model, ${OR_NAME}` },
  video: { type: 'path', default: '', text: 'Video file; or --data' },
  text: { type: 'string', default: '', text: 'What the video shows; its words get the prior' },
  data: {
    type: 'path',
    default: '',
    text: 'JSON list or JSON lines of rows, each a video with a conversation or a caption; instead of --video',
  },
  out: { type: 'path', default: '', required: true, text: 'Folder of priors' },
  id: {
    type: 'string',
    default: '',
    text: 'Name of the sample, as the training data have it; the file’s name by default',
  },
  heatMaps: { type: 'boolean', default: true, text: 'With --video: write pictures of the kept words over the frames' },
  selections: {
    type: 'string',
    default: '',
    text: 'Further selections from the same pass, each stored as a prior of its own: JSON {"name": {"option": value}}, or a file of it',
  },
  plan: { type: 'boolean', default: false, text: 'Print what the run would need in memory, and stop' },
  onBroken: {
    type: 'choice',
    choices: ['fail', 'skip', 'use'],
    default: 'skip',
    text: 'A truncated or corrupt video: use what decodes of it, skip it; fail ends the run at any bad row',
  },
  preset: {
    type: 'choice',
    choices: PRESET_NAMES,
    default: 'paper',
    text: 'Options that belong together, under those that are given: the paper’s, or maps of so many forward passes of the noised clip',
  },
  ...DATASET_FIELDS,
  ...PRIOR_FIELDS,
  ...DEVICE_FIELDS,
  ...WORKER_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'extract',
  async run(argv) {
    const usage = '--vdm DIR (--video FILE --text "…" | --data FILE) --out DIR [options]';
    const first = parseCommand('extract', usage, EXTRACT_FIELDS, argv);
    if (!first) return 0;
    // What the preset says stands under what the command line says.
    const { values } = parseFlags(EXTRACT_FIELDS, argv, PRESETS[first.values.preset]);
    checkSource(values);
    checkOptions(pick(PRIOR_FIELDS, values));
    tellUnused(values, argv);
    const fetchVdm = () => fetchCheckpoint(values.vdm, { files: videoDiffusionFiles(), json: values.json });
    if (values.data !== '') return extractTogether(values, argv, fetchVdm);
    // Told before a minute goes into the video.
    if (wordSpans(values.text).length === 0) throw expected('at least one word', '--text', values.text);
    const requested: PriorConfig = pick(PRIOR_FIELDS, values);
    if (values.selections) readSelections(values.selections, requested);
    const run = resolveRun(values);
    const dir = await fetchVdm();
    const fit = textFitOf(dir, values.text);
    checkText(values.text, fit);
    const wanted = values.selections ? readSelections(values.selections, requested) : [];
    const plan = planPrior(dir, requested, run, { others: wanted.map((one) => one.config) });
    if (values.plan) {
      printPlan(plan, values.json);
      return 0;
    }
    const store = new PriorStore(values.out);
    const progress = createProgress({
      label: 'extract',
      json: values.json,
      ...(run.device === 'cpu' ? {} : { device: run.device }),
    });
    logPlan(progress, plan, values.json);
    if (fit.cut + fit.unknown > 0) progress.log(`text: ${missingWords(fit)}`);
    const config = settled(requested, plan.capture);
    const selections = wanted.map((one, i) => ({ ...one, config: settled(one.config, plan.others[i]!) }));
    const job = {
      store,
      id: values.id,
      // The prior remembers where its video lies: also for who looks at it from another folder.
      video: resolve(values.video),
      text: values.text,
      config,
      selections,
      onBroken: values.onBroken === 'use' ? 'use' : 'fail',
      onProgress: (stage: string, done: number, total: number) => progress.step(stage, done, total),
    } as const;
    // What needs no model comes before a minute goes into loading it.
    progress.stage('read');
    const identity = { sha256: await vdmHash(dir), dtype: run.dtype, frameRule: plan.frameRule };
    const input = await readSample({ ...job, vdm: identity });
    let outcome = existingPrior({ ...job, vdm: identity }, input);
    if (!outcome) {
      progress.stage('load');
      // The difference of the latents needs the video's encoder alone.
      const needs = fromAttention(config) ? { texts: [values.text, ''] } : { denoiser: false };
      const vdm = await loadVdm(dir, { ...run, ...needs, decoder: config.keepStrip });
      try {
        if (vdm.weights === 'random')
          progress.log('note: this checkpoint has untrained random weights: its maps mean nothing');
        outcome = await computePrior({ ...job, vdm }, input);
      } finally {
        vdm.dispose();
      }
    }
    const { id, key, frames, pixelFrames, existed } = outcome;
    const files = values.heatMaps
      ? scope(() => writeHeatMaps(join(values.out, 'maps', fileName(id)), store.read(key), frames, pixelFrames))
      : [];
    progress.finish(existed ? 'exists and verifies: nothing was computed' : 'done');
    report(store, key, files, values.json);
    return 0;
  },
};

/** What was asked for and does nothing in this mode is told once. */
function tellUnused({ mode, json }: Values<typeof EXTRACT_FIELDS>, argv: readonly string[]): void {
  const unused = flagNames(PRIOR_FIELDS, argv).filter((name) => (unusedOptions({ mode }) as string[]).includes(name));
  if (unused.length > 0 && !json) console.error(`note: with mode ${mode} these do nothing: ${unused.join(', ')}`);
}

/** `extract --data`, by this process or by several. */
async function extractTogether(
  values: Values<typeof EXTRACT_FIELDS>,
  argv: readonly string[],
  fetchVdm: () => Promise<string>,
): Promise<number> {
  if (values.plan || !startsOwnGroup(values)) return extractDataset(values, fetchVdm);
  // The checkpoint is there before several processes look for it.
  await fetchVdm();
  return (await startOwnGroup('extract', argv, values)) ?? 0;
}

/** @throws UserError unless it is one video with its text, or one data set */
function checkSource({ video, text, data, id, gpus, processes }: Values<typeof EXTRACT_FIELDS>): void {
  const wrong = (what: string) => new UserError(`${what} --help lists all options.`, { code: 'ERR_USAGE' });
  if ((video === '') === (data === ''))
    throw wrong(`Expected either --video or --data but received ${video === '' ? 'neither' : 'both'}.`);
  if (data === '' && (gpus !== '' || processes !== null))
    throw wrong(`Expected --${gpus === '' ? 'processes' : 'gpus'} only with --data: processes share its rows.`);
  if (data !== '' && (text !== '' || id !== ''))
    throw wrong(`Expected --${text === '' ? 'id' : 'text'} only with --video: the rows of --data have their own.`);
  if (data === '' && text === '')
    throw wrong(`Expected a text for --text but received nothing. It is: ${EXTRACT_FIELDS.text.text}.`);
}

function report(store: PriorStore, key: string, files: readonly string[], json: boolean): void {
  const info = store.info(key);
  if (json) {
    console.log(JSON.stringify({ type: 'prior', path: store.path(key), id: info.id, words: info.words, files }));
    return;
  }
  const kept = info.words.filter((word) => word.kept).sort((a, b) => b.ms - a.ms);
  console.log(`prior   ${store.path(key)}`);
  console.log(`grid    ${info.grid.frames} frames × ${info.grid.height} × ${info.grid.width}`);
  console.log(`heads   ${info.heads.filter((h) => h.kept).length} of ${info.heads.length} kept`);
  console.log(`words   ${kept.map((word) => `${word.text} (${word.ms.toExponential(2)})`).join(', ')}`);
  for (const file of files) console.log(`picture ${file}`);
}
