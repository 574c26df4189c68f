import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { makeClip, type WorldClip } from '@motion-enhancer/motion-world/internal/generate/index.js';
import { writeClips } from '@motion-enhancer/motion-world/internal/write-clips.js';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  out: { type: 'path', default: '', required: true, text: 'Folder for videos, masks, captions and questions' },
  ...CLIP_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'world make',
  async run(argv) {
    const parsed = parseCommand('world make', '--out DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { out, world, split, form, first, count, frames, size, json } = parsed.values;
    const progress = createProgress({ label: 'world make', unit: 'clips', json });
    function* clips(): Generator<WorldClip> {
      for (let i = first; i < first + count; i++)
        yield makeClip(split, i, { world, ...(form === 'auto' ? {} : { form }), frames, size });
    }
    await writeClips(out, clips(), (done) => progress.step('clips', done, count));
    progress.finish(`${count} clips in ${out}`);
    if (json) console.log(JSON.stringify({ type: 'world', out, world, split, first, count }));
    return 0;
  },
};
