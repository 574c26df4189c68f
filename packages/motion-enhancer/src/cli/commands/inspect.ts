import { join } from 'node:path';
import { scope, UserError } from '@motion-enhancer/libtorch';
import type { Fields } from '../../config/field.js';
import { readFrames } from '../../data/video/index.js';
import type { PriorInfo } from '../../prior/prior.js';
import { PriorStore } from '../../prior/store.js';
import { writeHeatMaps } from '../../view/heat-maps.js';
import { writeInspectPage } from '../../view/inspect-page.js';
import { fileName } from '../file-name.js';
import { parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  id: { type: 'string', default: '', text: 'One sample; all by default' },
  out: { type: 'path', default: '', text: 'Folder for the pictures; PRIORS/maps by default' },
} as const satisfies Fields;

export const command: Command = {
  name: 'inspect',
  async run(argv) {
    const parsed = parseCommand('inspect', 'PRIORS [options]', FIELDS, argv, 1);
    if (!parsed) return 0;
    const { values, rest } = parsed;
    const [dir] = rest;
    if (!dir)
      throw new UserError('Expected a folder of priors: motion-enhancer inspect PRIORS.', { code: 'ERR_USAGE' });
    const store = new PriorStore(dir, { create: false });
    const infos = store
      .keys()
      .map((key) => store.info(key))
      .filter((info) => values.id === '' || info.id === values.id);
    if (infos.length === 0)
      throw new UserError(
        `${dir} holds no prior${values.id ? ` of ${values.id}` : ''}. Make one with motion-enhancer extract.`,
        { code: 'ERR_PRIOR' },
      );
    for (const info of infos) {
      console.log(tables(info));
      const frames = await readFrames(info.video.file, { choose: () => info.video.frames, onBroken: 'use' });
      const folder = join(values.out || join(dir, 'maps'), fileName(info.id));
      scope(() => {
        const prior = store.read(info.key);
        for (const file of writeHeatMaps(folder, prior, frames, info.cell.frames)) console.log(`picture ${file}`);
        console.log(`page    ${writeInspectPage(folder, prior, frames, info.cell.frames)}`);
      });
    }
    return 0;
  },
};

function tables(info: PriorInfo): string {
  const heads = info.heads
    .map((h, i) => ({ ...h, i }))
    .sort((a, b) => a.rank - b.rank)
    .map(
      (h) =>
        `${String(h.i).padStart(6)}  ${h.dfc.toExponential(3)}  ${h.tcs.toFixed(3).padStart(7)}  ${h.dsr.toFixed(4)}  ${h.score.toFixed(3).padStart(7)}  ${h.kept ? 'kept' : ''}`,
    );
  const words = [...info.words]
    .sort((a, b) => b.ms - a.ms)
    .map(
      (w) => `${w.text.padEnd(20)}  ${w.ms.toExponential(3)}  ${w.z.toFixed(3).padStart(7)}  ${w.kept ? 'kept' : ''}`,
    );
  const random = info.model.weights === 'random' ? '\nuntrained random weights: these numbers mean nothing' : '';
  return `${info.id}: "${info.text}"${random}\n\n  head  DFC        TCS      DSR     score\n${heads.join('\n')}\n\nword                  MS         z\n${words.join('\n')}`;
}
