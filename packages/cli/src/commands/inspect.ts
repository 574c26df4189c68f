import { join } from 'node:path';
import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { boundedFit, pageSize } from '@motion-enhancer/core/internal/data/image/bounded-fit.js';
import { readFrames } from '@motion-enhancer/core/internal/data/video/index.js';
import { readPictures } from '@motion-enhancer/core/internal/data/video/read-pictures.js';
import { changedOptions } from '@motion-enhancer/core/internal/prior/changed-options.js';
import type { PriorInfo } from '@motion-enhancer/core/internal/prior/store/prior.js';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { rankedHeads } from '@motion-enhancer/core/internal/view/head-measure.js';
import { writeHeatMaps } from '@motion-enhancer/core/internal/view/heat-maps.js';
import { writeInspectPage } from '@motion-enhancer/core/internal/view/inspect-page.js';
import { writeWordAnimations } from '@motion-enhancer/core/internal/view/word-animation.js';
import { scopeAsync } from '@motion-enhancer/libtorch';
import { expected, UserError } from '@motion-enhancer/support';
import { fileName } from '../file-name.js';
import { parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  id: { type: 'string', default: '', text: 'One sample; all by default' },
  word: {
    type: 'string',
    default: '',
    text: 'Words, commas between them: they alone are shown and animated; all kept ones, and the three most salient, by default',
  },
  words: { type: 'integer', default: 12, min: 1, text: 'Kept words in the pictures, the most salient first' },
  frameWidth: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 640,
    text: 'Width of a frame in words.png; 0 fits it to the number of frames',
    unit: 'pixels',
  },
  animate: { type: 'boolean', default: true, text: 'Write the video with a word’s heat over it as animated WebP' },
  out: { type: 'path', default: '', text: 'Folder for the pictures; PRIORS/maps by default' },
} as const satisfies Fields;

export const command: Command = {
  name: 'inspect',
  async run(argv) {
    const parsed = parseCommand('inspect', 'PRIORS [options]', FIELDS, argv, { operands: 1 });
    if (!parsed) return 0;
    const { values, rest } = parsed;
    const [dir] = rest;
    if (!dir)
      throw new UserError('Expected a folder of priors: motion-enhancer inspect PRIORS.', { code: 'ERR_USAGE' });
    const store = new PriorStore(dir, { create: false });
    const infos = values.id === '' ? store.keys().map((key) => store.info(key)) : sampleOf(store, values.id);
    if (infos.length === 0)
      throw new UserError(
        `${dir} holds no prior${values.id ? ` of ${values.id}` : ''}. Make one with motion-enhancer extract.`,
        { code: 'ERR_PRIOR' },
      );
    const several = new Set(infos.map(({ id }) => id).filter((id, i, ids) => ids.indexOf(id) !== i));
    const chosen = values.word.split(',').flatMap((word) => word.trim() || []);
    const shown = chosen.length > 0 ? { words: chosen } : {};
    for (const info of withWords(infos, chosen)) {
      console.log(tables(info));
      const { file, files, frames: places } = info.video;
      const frames = files
        ? await readPictures(files, places, boundedFit(pageSize))
        : await readFrames(file, { choose: () => places, onBroken: 'use', fit: boundedFit(pageSize) });
      const folder = join(values.out || join(dir, 'maps'), folderOf(info, several.has(info.id)));
      await scopeAsync(async (s) => {
        const prior = s.run(() => store.read(info.key));
        const sheet = {
          maxWords: values.words,
          ...shown,
          ...(values.frameWidth ? { thumbnailWidth: values.frameWidth } : {}),
        };
        for (const file of s.run(() => writeHeatMaps(folder, prior, frames, info.cell.frames, sheet)))
          console.log(`picture ${file}`);
        if (values.animate) {
          for (const file of await writeWordAnimations(folder, prior, frames, info.cell.frames, shown))
            console.log(`moving  ${file}`);
        }
        console.log(`page    ${s.run(() => writeInspectPage(folder, prior, frames, info.cell.frames))}`);
      });
    }
    return 0;
  },
};

/** All priors of a sample, also where it shares one with another sample. */
function sampleOf(store: PriorStore, id: string): PriorInfo[] {
  const own = store
    .keys()
    .map((key) => store.info(key))
    .filter((info) => info.id === id);
  const shared = store.samples().get(id);
  return shared && !own.some(({ key }) => key === shared.key) ? [...own, shared] : own;
}

/** Priors of one sample (other options, further selections) have folders of their own. */
const folderOf = ({ id, key }: PriorInfo, several: boolean) => fileName(several ? `${id}.${key.slice(0, 8)}` : id);

/**
 * Those whose text has all the words; the others are reported.
 * @throws UserError ERR_VALUE where none has them
 */
function withWords(infos: readonly PriorInfo[], words: readonly string[]): readonly PriorInfo[] {
  const lacks = (info: PriorInfo) =>
    words.find((word) => !info.words.some(({ text }) => text.toLowerCase() === word.toLowerCase()));
  const found = infos.filter((info) => lacks(info) === undefined);
  if (found.length === 0) {
    const known = [...new Set(infos.flatMap((info) => info.words.map(({ text }) => text)))];
    const shown = known.length > 40 ? [...known.slice(0, 40), '…'] : known;
    throw expected(`one of ${shown.join(', ')}`, '--word', lacks(infos[0]!)!);
  }
  for (const info of infos) {
    const word = lacks(info);
    if (word !== undefined) console.error(`${info.id} is passed over: its text has no ${word}`);
  }
  return found;
}

function tables(info: PriorInfo): string {
  const { ranked, by } = rankedHeads(info);
  const heads = ranked.map(
    ({ head: h, name, measure }) =>
      `${name.padStart(6)}  ${h.dfc.toExponential(3)}  ${h.tcs.toFixed(3).padStart(7)}  ${h.dsr.toFixed(4)}  ${h.score.toFixed(3).padStart(7)}${by === 'score' ? '' : `  ${measure.toFixed(4)}`}  ${h.kept ? 'kept' : ''}`,
  );
  const words = [...info.words]
    .sort((a, b) => b.ms - a.ms)
    .map(
      (w) => `${w.text.padEnd(20)}  ${w.ms.toExponential(3)}  ${w.z.toFixed(3).padStart(7)}  ${w.kept ? 'kept' : ''}`,
    );
  const random = info.model.weights === 'random' ? '\nuntrained random weights: these numbers mean nothing' : '';
  const options = `prior   ${info.key}: ${changedOptions(info.options)}`;
  const unit = info.heads.some(({ layer }) => layer !== undefined) ? 'L.head' : '  head';
  return `${info.id}: "${info.text}"\n${options}${random}\n\n${unit}  DFC        TCS      DSR     score${by === 'score' ? '' : `    ${by}`}\n${heads.join('\n')}\n\nword                  MS         z\n${words.join('\n')}`;
}
