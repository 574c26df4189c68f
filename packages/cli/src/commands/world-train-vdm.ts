import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { VDM_TRAINING_FIELDS } from '@motion-enhancer/motion-world/internal/vdm/train-options.js';
import { trainVdm } from '@motion-enhancer/motion-world/internal/vdm/train-vdm.js';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  out: { type: 'path', default: '', required: true, text: 'Folder of states and checkpoint' },
  from: { type: 'path', default: '', text: 'A checkpoint of the same sizes, outside --out, to start from' },
  fromParts: {
    type: 'choice',
    choices: ['vae', 'all'],
    default: 'vae',
    text: 'What to take from it: the autoencoder, which is then trained no more, or all parts',
  },
  ...VDM_TRAINING_FIELDS,
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'world train-vdm',
  async run(argv) {
    const parsed = parseCommand('world train-vdm', '--out DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun(values);
    const progress = createProgress({
      label: 'world train-vdm',
      json: values.json,
      ...(run.device === 'cpu' ? {} : { device: run.device }),
    });
    const { checkpoint, finished } = await trainVdm({
      ...values,
      ...run,
      command: `motion-enhancer world train-vdm ${argv.join(' ')}`,
      onStage: (name) => progress.stage(name),
      onProgress: (stage, done, total, note) => progress.step(stage, done, total, note),
      onLine: (line) => progress.log(line),
    });
    progress.finish(finished ? `checkpoint ${checkpoint}` : 'not finished: the same command goes on');
    if (values.json) console.log(JSON.stringify({ type: 'vdm', checkpoint, finished }));
    return 0;
  },
};
