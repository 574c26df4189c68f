import { join } from 'node:path';
import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { encodePng } from '@motion-enhancer/core/internal/data/image/index.js';
import { writeVideo } from '@motion-enhancer/core/internal/data/video/write-video.js';
import { clipSheet } from '@motion-enhancer/motion-world/internal/clip-sheet.js';
import { CLIP_FIELDS, WORLD_FPS } from '@motion-enhancer/motion-world/internal/fields.js';
import { makeClip, type WorldText } from '@motion-enhancer/motion-world/internal/generate/index.js';
import { makeFolder, writeBytes } from '@motion-enhancer/support';
import { parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  out: { type: 'path', default: 'world', text: 'Folder for the contact sheet and the videos' },
  videos: { type: 'boolean', default: false, text: 'Write the videos too' },
  ...CLIP_FIELDS,
  count: { ...CLIP_FIELDS.count, default: 8 },
} as const satisfies Fields;

export const command: Command = {
  name: 'world show',
  async run(argv) {
    const parsed = parseCommand('world show', '[options]', FIELDS, argv);
    if (!parsed) return 0;
    const { out, videos, world, split, form, first, count, frames, size } = parsed.values;
    const clips = Array.from({ length: count }, (_, i) =>
      makeClip(split, first + i, { world, ...(form === 'auto' ? {} : { form }), frames, size }),
    );
    makeFolder(out);
    for (const clip of clips) {
      console.log(textOf(clip));
      if (!videos) continue;
      const path = join(out, `${clip.id}.mov`);
      await writeVideo(path, { frames: clip.frames, count: frames, width: size, height: size }, WORLD_FPS);
      console.log(`  video ${path}`);
    }
    const sheet = join(out, `${world === 'still-camera' ? '' : `${world}-`}${split}-${first}.png`);
    writeBytes(sheet, encodePng(clipSheet(clips)));
    console.log(`\npicture ${sheet} (a row a clip)`);
    return 0;
  },
};

function textOf({ id, caption, questions }: WorldText): string {
  const lines = questions.map(({ type, stem, options, answer }) => {
    const choices = options.map((option, i) => `${i === answer ? '*' : ''}${'ABCD'[i]}. ${option}`);
    return `  ${type}  ${stem}  ${choices.join('  ')}`;
  });
  return [`${id}: ${caption}`, ...lines].join('\n');
}
