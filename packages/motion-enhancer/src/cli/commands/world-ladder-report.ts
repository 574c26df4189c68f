import { UserError } from '@motion-enhancer/libtorch/errors';
import type { Fields } from '../../config/field.js';
import { writeText } from '../../data/write-text.js';
import { ladderText } from '../../world/ladder/report.js';
import { readResults } from '../../world/ladder/results.js';
import { parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  results: { type: 'paths', default: [], text: 'Files results.jsonl of world ladder' },
  arm: { type: 'strings', default: [], text: 'Arms whose rows come first, in this order' },
  out: { type: 'path', default: '', text: 'File to write the table to; without it, it is printed' },
} as const satisfies Fields;

export const command: Command = {
  name: 'ladder-report',
  async run(argv) {
    const parsed = parseCommand('world ladder-report', '--results FILE [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { results, out, arm } = parsed.values;
    const rows = results.flatMap(readResults);
    if (rows.length === 0)
      throw new UserError(
        `There are no results in ${results.join(', ') || '(no file)'}. Make some with world ladder.`,
        {
          code: 'ERR_DATA',
        },
      );
    const text = ladderText(rows, arm);
    if (out) writeText(out, text);
    else console.log(text);
    return 0;
  },
};
