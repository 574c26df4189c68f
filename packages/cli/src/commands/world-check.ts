import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { setThreads } from '@motion-enhancer/libtorch';
import { checkText, runCheck } from '@motion-enhancer/motion-world/internal/check/run-check.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { writeText } from '@motion-enhancer/support';
import { createProgress } from '../progress.js';
import { parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  world: CLIP_FIELDS.world,
  train: { type: 'integer', default: 6000, min: 50, text: 'Clips of the train split to learn from' },
  test: { type: 'integer', default: 6000, min: 50, text: 'Clips to be tested on' },
  split: {
    type: 'choice',
    choices: ['train', 'test'],
    default: 'test',
    text: 'Where those are from: test, or train (other clips than those learnt from)',
  },
  steps: { type: 'integer', default: 120, min: 1, text: 'Training steps, each over all questions' },
  out: { type: 'path', default: '', text: 'File for the table, which is printed too' },
  threads: { type: 'integer', default: 0, min: 0, text: 'CPU threads of libtorch; 0 leaves its choice' },
} as const satisfies Fields;

export const command: Command = {
  name: 'world check',
  async run(argv) {
    const parsed = parseCommand('world check', '[options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    if (values.threads > 0) setThreads(values.threads);
    const progress = createProgress({ label: 'world check' });
    const rows = runCheck({ ...values, onCheat: (cheat) => progress.stage(cheat) });
    progress.finish();
    const counts = rows
      .filter(({ cheat }) => cheat === rows[0]!.cheat)
      .map(({ type, questions }) => `${type} ${questions}`);
    const text = `Right answers in % (95 % interval; chance is 25; bold: above it at 5 % over the whole table). Questions: ${counts.join(', ')}.\n\n${checkText(rows)}`;
    if (values.out) writeText(values.out, `${text}\n`);
    console.log(text);
    return 0;
  },
};
