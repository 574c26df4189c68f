import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { forestFile } from '@motion-enhancer/core/internal/view/forest-style.js';
import { compactText } from '@motion-enhancer/motion-world/internal/sweep/compact.js';
import { compareConditions, mainSetup, onlyConditions } from '@motion-enhancer/motion-world/internal/sweep/compare.js';
import { forestNotes, sweepForest } from '@motion-enhancer/motion-world/internal/sweep/forest.js';
import { setupTable, tablesText } from '@motion-enhancer/motion-world/internal/sweep/report.js';
import { lastOfEach, readResults } from '@motion-enhancer/motion-world/internal/sweep/results.js';
import { expected, UserError, writeText } from '@motion-enhancer/support';
import { parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  results: { type: 'paths', default: [], text: 'Files results.jsonl of world ladder' },
  arm: { type: 'strings', default: [], text: 'Arms whose rows come first, in this order' },
  only: { type: 'boolean', default: false, text: 'No other rows than plain fine-tuning and those of --arm' },
  fromSeed: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'Count runs of this seed and later ones alone: those that were not there when an arm was chosen',
  },
  out: { type: 'path', default: '', text: 'File to write the table to; without it, it is printed' },
  picture: {
    type: 'path',
    default: '',
    text: 'SVG file to write too: differences with their intervals, of the setup with the most runs',
  },
  compact: {
    type: 'path',
    default: '',
    text: 'File to write too: the same results with each setup and arm written once, to be read as results.jsonl is',
  },
} as const satisfies Fields;

export const command: Command = {
  name: 'ladder-report',
  async run(argv) {
    const parsed = parseCommand('world ladder-report', '--results FILE [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { results, out, arm, only, fromSeed, picture, compact } = parsed.values;
    if (picture && !/\.svg$/i.test(picture)) throw expected('a file name that ends in .svg', '--picture', picture);
    if (only && arm.length === 0) throw expected('at least one --arm', '--only', 'none');
    const rows = results.flatMap(readResults);
    if (rows.length === 0)
      throw new UserError(
        `There are no results in ${results.join(', ') || '(no file)'}. Make some with world ladder.`,
        {
          code: 'ERR_DATA',
        },
      );
    const counted = rows.filter(({ seed }) => seed >= fromSeed);
    if (counted.length === 0)
      throw expected(
        `a seed that the results have (to ${Math.max(...rows.map(({ seed }) => seed))})`,
        '--from-seed',
        fromSeed,
      );
    const all = compareConditions(counted, arm);
    const chosen = only ? onlyConditions(all, arm) : all;
    const main = mainSetup(chosen);
    if (picture && !main)
      throw new UserError(
        `No run in ${results.join(', ')} has its setup recorded, so there is no main setup to draw. Run the arms again with world ladder.`,
        { code: 'ERR_DATA' },
      );
    const text = tablesText(chosen.map(setupTable));
    if (picture && main) writeText(picture, forestFile(sweepForest(main, forestNotes(main))));
    if (compact) writeText(compact, compactText(lastOfEach(rows)));
    if (out) writeText(out, text);
    else console.log(text);
    return 0;
  },
};
