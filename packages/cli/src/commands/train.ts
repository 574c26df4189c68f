import { existsSync } from 'node:fs';
import { resolve as absolute, join } from 'node:path';
import { type Fields, pick, type Values } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS, GROUP_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { readRunFile } from '@motion-enhancer/core/internal/config/read-run-file.js';
import { absoluteSpec, dataOfSettings, readData } from '@motion-enhancer/core/internal/data/rows.js';
import { deviceOfRank } from '@motion-enhancer/core/internal/parallel/device-of-rank.js';
import { loadedPlugins, loadPlugins } from '@motion-enhancer/core/internal/plugins/load-plugin.js';
import { lambdaOfFlags, lambdaOfSettings } from '@motion-enhancer/core/internal/train/loss/lambda-auto.js';
import { BlockGates } from '@motion-enhancer/core/internal/train/parallel/block-gates.js';
import { RECIPE_FIELDS } from '@motion-enhancer/core/internal/train/recipe.js';
import { stepLine } from '@motion-enhancer/core/internal/train/record/step-log.js';
import { checkFrames, checkRun } from '@motion-enhancer/core/internal/train/run/check-run.js';
import { finishedRun, writeFinished } from '@motion-enhancer/core/internal/train/run/finished-run.js';
import { type TrainResult, train } from '@motion-enhancer/core/internal/train/run/train.js';
import { trainPlan } from '@motion-enhancer/core/internal/train/run/train-plan.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { openMediumReader } from '@motion-enhancer/core/internal/vlm/media/medium-reader.js';
import { barrier, cuda, type ProcessGroup, readGroupEnvironment } from '@motion-enhancer/libtorch';
import { VLM_FILES } from '@motion-enhancer/models';
import { expected } from '@motion-enhancer/support';
import { checkpointText } from '../checkpoint-text.js';
import { fetchCheckpoint } from '../fetch-checkpoint.js';
import { joinStartedGroup } from '../join-started-group.js';
import { createProgress, type Progress } from '../progress.js';
import { rankStream } from '../rank-stream.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import { startOwnGroup } from '../start-own-group.js';
import { stopOnSignal } from '../stop-on-signal.js';
import { pluginsOfSettings } from '../take-plugins.js';
import { tellData } from '../tell-data.js';
import { trainPlanText } from '../train-plan-text.js';
import type { Command } from './registry.js';

const FIELDS = {
  vlm: {
    type: 'path',
    default: '',
    required: true,
    get text() {
      return checkpointText();
    },
  },
  data: {
    type: 'paths',
    default: [],
    required: true,
    text: 'Data sets: JSON, JSON lines, CSV (each gzip too) or parquet of conversations or captions, a dataset_info.json:NAME, InternVL’s meta JSON; FILE%50 takes half of the rows, FILE#500 so many',
  },
  priors: {
    type: 'path',
    default: '',
    text: 'Folder of priors, found by video, clip and text; without it, plain fine-tuning',
  },
  out: {
    type: 'path',
    default: '',
    required: true,
    text: 'Folder of the run: checkpoint/, aligner.safetensors, log.jsonl, tensorboard/, run.yaml, states/',
  },
  media: { type: 'path', default: '', text: 'Folder that relative media paths start from; the data file’s by default' },
  plan: {
    type: 'boolean',
    default: false,
    text: 'Only say what each GPU will hold, with --gpus N of any N, from the model’s config.json alone',
  },
  resume: { type: 'boolean', default: false, text: 'Go on from the newest saved state in --out, if there is one' },
  ...RECIPE_FIELDS,
  ...DEVICE_FIELDS,
  ...GROUP_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

/** How the shell sees a run that a signal ended and that can go on: 128 + SIGTERM. */
const STOPPED = 143;

export const command: Command = {
  name: 'train',
  async run(argv) {
    const file = argv[0] !== undefined && !argv[0].startsWith('-') ? argv[0] : null;
    const { plugins, rest: settingsOfFile } = pluginsOfSettings(file === null ? {} : readRunFile(file));
    await loadPlugins(plugins);
    const base = dataOfSettings(lambdaOfSettings(settingsOfFile));
    const flags = lambdaOfFlags(file === null ? argv : argv.slice(1));
    const usage =
      '[RUN.yaml] --vlm DIR --data FILE[%PERCENT|#ROWS] … --priors DIR --out RUN [options]\n\nRUN.yaml holds any of these options by name; options given here come before it.';
    const parsed = parseCommand('train', usage, FIELDS, flags, { base });
    if (!parsed) return 0;
    const { values } = parsed;
    if (values.plan) return tellTrainPlan(values);
    const settings = settingsOf(values);
    const before = finishedRun(values.out, settings, values.resume);
    if (before) {
      if (readGroupEnvironment().rank > 0) return 0;
      console.error(`${values.out}: the run is finished, nothing is trained`);
      tellEnd(values.out, before.steps, before.skipped, values.json);
      return 0;
    }
    return (await startOwnGroup('train', argv, values)) ?? trainHere(values, settings);
  },
};

type Given = Values<typeof FIELDS>;

/** Trains in this process, as one of its group. */
async function trainHere(values: Given, settings: Readonly<Record<string, unknown>>): Promise<number> {
  const place = readGroupEnvironment();
  const run = resolveRun({
    ...values,
    device: place.size > 1 ? deviceOfRank(values.device, place.localRank) : values.device,
  });
  const { rows, bad, sets } = await readData(values.data, { media: values.media, seed: values.seed });
  const recipe = pick(RECIPE_FIELDS, values);
  const plan = { rows, priors: values.priors || null, out: values.out, recipe, resume: values.resume };
  const notes = place.rank === 0 ? { onNote: (line: string) => console.error(line) } : {};
  const index = await checkRun({ ...plan, base: values.vlm, ...notes });
  const group = await joinStartedGroup(values);
  const dir = await fetchedByFirst(values, group);
  checkFrames(openMediumReader(dir), rows, recipe);
  const progress = progressOf(values, run.device, group);
  for (const line of tellData(sets, bad)) progress.log(line);
  tellGpus(group, run.device, (line) => progress.log(line));
  const stop = stopOnSignal((signal) =>
    progress.log(
      `${signal}: the step in flight is finished and saved, then the run ends; a second signal ends it at once`,
    ),
  );
  try {
    progress.stage('load');
    // Blocks that may come and go cost nothing until they do.
    const gates = new BlockGates();
    const vlm = loadVlm(dir, { ...run, trainable: true, wrapBlock: gates.wrap });
    try {
      if (vlm.weights === 'random') progress.log('note: this checkpoint has untrained random weights');
      const result = await train({
        ...{ vlm, ...plan, index, sets, malformed: bad, settings },
        ...{ signal: stop.signal, group, gates, sharding: values.sharding },
        onWarning: (message) => progress.log(message),
        onNote: (message) => progress.log(message),
        onStep: (log, total) => {
          progress.log(values.json ? JSON.stringify({ type: 'step', ...log }) : stepLine(log, total));
          progress.step('train', log.step, total);
        },
      });
      progress.finish(`${result.steps} steps${result.skipped > 0 ? `, ${result.skipped} rows left out` : ''}`);
      return reportEnd(values, settings, result, group.rank === 0);
    } finally {
      vlm.dispose();
    }
  } finally {
    stop.dispose();
    await group.close();
  }
}

/** The checkpoint's folder: one rank downloads, the others find it there. */
async function fetchedByFirst({ vlm, json }: Given, group: ProcessGroup): Promise<string> {
  const first = group.rank === 0;
  const fetch = () => fetchCheckpoint(vlm, { files: VLM_FILES, json: json && first });
  const fetched = first ? await fetch() : null;
  await barrier(group);
  return fetched ?? (await fetch());
}

/** Every rank but the first writes into a file of its own. */
const progressOf = ({ json, out }: Given, device: string, { rank }: ProcessGroup): Progress =>
  createProgress({
    label: 'train',
    unit: 'steps',
    json,
    ...(device === 'cpu' ? {} : { device }),
    ...(rank === 0 ? {} : { stream: rankStream(out, rank) }),
  });

/** What the first rank says and writes at the end. @returns the exit code */
function reportEnd(
  { out, json }: Given,
  settings: Readonly<Record<string, unknown>>,
  { steps, skipped, state, finished, total }: TrainResult,
  first: boolean,
): number {
  if (!finished) {
    if (first)
      console.log(
        json
          ? JSON.stringify({ type: 'stopped', state, steps })
          : `stopped after step ${steps} of ${total}; go on with: motion-enhancer train ${join(out, 'run.yaml')} --resume`,
      );
    return STOPPED;
  }
  if (!first) return 0;
  writeFinished(out, { steps, skipped, settings });
  tellEnd(out, steps, skipped, json);
  return 0;
}

async function tellTrainPlan(values: Given): Promise<number> {
  const dir = await fetchCheckpoint(values.vlm, { files: ['config.json'], json: values.json });
  const asked = Number(values.gpus === 'all' ? cuda().count : values.gpus);
  if (values.gpus !== '' && !(Number.isInteger(asked) && asked > 0))
    throw expected('a whole number', 'gpus', values.gpus);
  const dtype = values.dtype === 'auto' ? 'bfloat16' : values.dtype;
  const found = trainPlan(dir, values, dtype, values.gpus === '' ? [1, 2, 4, 8] : [asked]);
  console.log(values.json ? JSON.stringify({ type: 'plan', ...found }) : trainPlanText(found));
  return 0;
}

/** One line of how many train, or of the GPUs that could. */
function tellGpus({ size, backend, hosts }: ProcessGroup, device: string, tell: (line: string) => void): void {
  if (size > 1) tell(`${size} ranks on ${new Set(hosts).size} hosts over ${backend}`);
  else if (device !== 'cpu' && cuda().count > 1) tell(`one GPU of ${cuda().count} trains; --gpus all takes every one`);
}

function tellEnd(out: string, steps: number, skipped: number, json: boolean): void {
  const [checkpoint, log] = [join(out, 'checkpoint'), join(out, 'log.jsonl')];
  console.log(
    json
      ? JSON.stringify({ type: 'trained', checkpoint, log, steps, skipped })
      : `checkpoint ${checkpoint}\nlog        ${log}`,
  );
}

/** The resolved settings of a run, good from any folder; what only says how this call speaks is left out. */
function settingsOf(values: Readonly<Record<string, unknown>> & { data: readonly string[] }): Record<string, unknown> {
  const { json: _, resume: __, plan: ___, ...rest } = values;
  const plugins = loadedPlugins();
  const settings: Record<string, unknown> = plugins.length > 0 ? { plugins, ...rest } : rest;
  settings.data = values.data.map(absoluteSpec);
  for (const name of ['priors', 'out', 'media'])
    if (typeof settings[name] === 'string' && settings[name] !== '') settings[name] = absolute(settings[name]);
  // A name of the hub stays as it is.
  if (typeof settings.vlm === 'string' && existsSync(settings.vlm)) settings.vlm = absolute(settings.vlm);
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== ''));
}
