import { join } from 'node:path';
import { VLM_FILES } from '@motion-enhancer/models';
import { type Fields, pick } from '../../config/field.js';
import { DEVICE_FIELDS } from '../../config/fields-of-run.js';
import { readRows } from '../../data/rows.js';
import { RECIPE_FIELDS } from '../../train/recipe.js';
import { type StepLog, train } from '../../train/train.js';
import { loadVlm } from '../../vlm/load.js';
import { fetchCheckpoint, OR_NAME } from '../fetch-checkpoint.js';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vlm: { type: 'path', default: '', required: true, text: `Folder of a Qwen2.5-VL checkpoint, ${OR_NAME}` },
  data: { type: 'path', default: '', required: true, text: 'JSON list or JSON lines of conversations about videos' },
  priors: { type: 'path', default: '', text: 'Folder of priors, by the rows’ ids; without it, plain fine-tuning' },
  out: {
    type: 'path',
    default: '',
    required: true,
    text: 'Folder of the run: checkpoint/, aligner.safetensors, log.jsonl, run.json',
  },
  media: { type: 'path', default: '', text: 'Folder that relative video paths start from; the data file’s by default' },
  ...RECIPE_FIELDS,
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'train',
  async run(argv) {
    const parsed = parseCommand('train', '--vlm DIR --data FILE --priors DIR --out RUN [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun(values);
    const { rows, bad } = readRows(values.data, values.media || undefined);
    const dir = await fetchCheckpoint(values.vlm, { files: VLM_FILES, json: values.json });
    const progress = createProgress({
      label: 'train',
      unit: 'steps',
      json: values.json,
      ...(run.device === 'cpu' ? {} : { device: run.device }),
    });
    for (const { line, reason } of bad) progress.log(`row ${line} of ${values.data} is left out: ${reason}`);
    progress.stage('load');
    const vlm = loadVlm(dir, { ...run, trainable: true });
    try {
      if (vlm.weights === 'random') progress.log('note: this checkpoint has untrained random weights');
      const result = await train({
        vlm,
        rows,
        priors: values.priors || null,
        out: values.out,
        recipe: pick(RECIPE_FIELDS, values),
        onWarning: (message) => progress.log(message),
        onStep: (log, total) => {
          progress.log(values.json ? JSON.stringify({ type: 'step', ...log }) : stepLine(log, total));
          progress.step('train', log.step, total);
        },
      });
      progress.finish(`${result.steps} steps${result.skipped > 0 ? `, ${result.skipped} rows left out` : ''}`);
      const { checkpoint, steps, skipped } = result;
      const log = join(values.out, 'log.jsonl');
      console.log(
        values.json
          ? JSON.stringify({ type: 'trained', checkpoint, log, steps, skipped })
          : `checkpoint ${checkpoint}\nlog        ${log}`,
      );
      return 0;
    } finally {
      vlm.dispose();
    }
  },
};

/** One console line a step. */
export function stepLine(log: StepLog, total: number): string {
  const align = log.lossAlign === null ? 'no prior' : log.lossAlign.toExponential(3);
  return `step ${log.step}/${total}  L_AR ${log.lossAr.toFixed(4)}  L_MSE ${align}  grad ${log.gradNorm.toFixed(3)}  lr ${log.lr.toExponential(1)}  ${log.tokensPerSecond.toFixed(0)} tokens/s`;
}
