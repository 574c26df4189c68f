import { UserError } from '@motion-enhancer/libtorch/errors';
import type { Fields } from '../../config/field.js';
import { writeText } from '../../data/write-text.js';
import { ladderTable } from '../../world/ladder/report.js';
import { readResults } from '../../world/ladder/results.js';
import { parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  results: { type: 'paths', default: [], text: 'Files results.jsonl of world ladder' },
  out: { type: 'path', default: '', text: 'File to write the table to; without it, it is printed' },
} as const satisfies Fields;

export const command: Command = {
  name: 'ladder-report',
  async run(argv) {
    const parsed = parseCommand('world ladder-report', '--results FILE [--out FILE]', FIELDS, argv);
    if (!parsed) return 0;
    const { results, out } = parsed.values;
    const rows = results.flatMap(readResults);
    if (rows.length === 0)
      throw new UserError(
        `There are no results in ${results.join(', ') || '(no file)'}. Make some with world ladder.`,
        {
          code: 'ERR_DATA',
        },
      );
    if (out) writeText(out, ladderTable(rows));
    else console.log(ladderTable(rows));
    return 0;
  },
};
