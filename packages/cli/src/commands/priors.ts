import type { Fields, Values } from '@motion-enhancer/core/internal/config/field.js';
import { changedOptions } from '@motion-enhancer/core/internal/prior/changed-options.js';
import { type StatsGroup, storeStats } from '@motion-enhancer/core/internal/prior/dataset/store-stats.js';
import { tidyStore } from '@motion-enhancer/core/internal/prior/dataset/tidy-store.js';
import { verifyStore } from '@motion-enhancer/core/internal/prior/dataset/verify-store.js';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { UserError } from '@motion-enhancer/support';
import { createProgress } from '../progress.js';
import { bytesText } from '../progress-text.js';
import { OUTPUT_FIELDS, parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  delete: { type: 'boolean', default: false, text: 'verify: delete the bad ones, so that extract makes them again' },
  dryRun: { type: 'boolean', default: false, text: 'gc: only list what would go' },
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

type Settings = Values<typeof FIELDS>;

const ACTIONS: Readonly<Record<string, (dir: string, values: Settings) => number>> = { verify, gc, stats };

export const command: Command = {
  name: 'priors',
  async run(argv) {
    const parsed = parseCommand('priors', 'verify|gc|stats DIR [options]', FIELDS, argv, { operands: 2 });
    if (!parsed) return 0;
    const [name = '', dir] = parsed.rest;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action || !dir) {
      const received = parsed.rest.length === 0 ? 'nothing' : `"${parsed.rest.join(' ')}"`;
      throw new UserError(`Expected verify, gc or stats and a folder of priors but received ${received}.`, {
        code: 'ERR_USAGE',
      });
    }
    return action(dir, parsed.values);
  },
};

/** Every file against its hash. @returns 2 when any is bad */
function verify(dir: string, values: Settings): number {
  const store = new PriorStore(dir, { create: false });
  const progress = createProgress({ label: 'verify', unit: 'priors', json: values.json });
  const { checked, bad } = verifyStore(store, {
    delete: values.delete,
    onFile: (done, total) => progress.step('read', done, total),
  });
  progress.finish(`${checked} read, ${bad.length} bad`);
  if (values.json) console.log(JSON.stringify({ type: 'verified', dir, checked, bad }));
  else {
    for (const { path, reason, deleted } of bad) console.log(`bad  ${path}: ${reason}${deleted ? ' (deleted)' : ''}`);
    console.log(`${checked - bad.length} of ${checked} priors verify`);
  }
  return bad.length > 0 ? 2 : 0;
}

/** Claims and half-written files of processes that were killed. */
function gc(dir: string, values: Settings): number {
  const store = new PriorStore(dir, { create: false });
  const removed = tidyStore(store.dir, { remove: !values.dryRun });
  const bytes = removed.reduce((sum, file) => sum + file.bytes, 0);
  if (values.json) console.log(JSON.stringify({ type: 'tidied', dir, dryRun: values.dryRun, files: removed, bytes }));
  else {
    const verb = values.dryRun ? 'would remove' : 'removed';
    for (const { kind, path, why } of removed) console.log(`${verb} ${kind} ${path}: ${why}`);
    console.log(`${verb} ${removed.length} files, ${bytesText(bytes)}`);
  }
  return 0;
}

function stats(dir: string, values: Settings): number {
  const all = storeStats(new PriorStore(dir, { create: false }));
  if (values.json) {
    console.log(JSON.stringify({ type: 'stats', dir, ...all }));
    return 0;
  }
  console.log(`${all.count} priors, ${bytesText(all.bytes)}`);
  for (const group of all.groups) console.log(`\n${groupText(group)}`);
  for (const path of all.unreadable) console.log(`\nunreadable ${path}: priors verify says why`);
  return 0;
}

function groupText(group: StatsGroup): string {
  const { count, words, keptWords, bytes, largestBytes, brokenVideos } = group;
  const table = (counts: Record<string, number>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, n]) => `${name}: ${n}`)
      .join(', ');
  const rows: [string, string][] = [
    ['model', `${group.vdm}${group.weights === 'random' ? ' (random weights)' : ''}, ${group.dtype}`],
    ['options', `${group.optionsHash}  ${changedOptions(group.options)}`],
    ['priors', String(count)],
    ['grids', table(group.grids)],
    ['texts', table(group.textFrom)],
    ['words', `${(words / count).toFixed(1)} a prior, ${(keptWords / count).toFixed(1)} kept`],
    ['size', `${bytesText(bytes)}, ${bytesText(bytes / count)} a prior, the largest ${bytesText(largestBytes)}`],
    ...(brokenVideos > 0 ? [['broken', `${brokenVideos} from videos that are not whole`] as [string, string]] : []),
  ];
  return rows.map(([name, text]) => `${name.padEnd(8)}${text}`).join('\n');
}
