import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { helpText, parseFlags } from '@motion-enhancer/core/internal/config/flags.js';
import { probeVideo } from '@motion-enhancer/core/internal/data/video/index.js';
import { UserError } from '@motion-enhancer/support';
import type { Command } from './registry.js';

const FIELDS = { json: { type: 'boolean', default: false, text: 'All of it, as JSON' } } as const satisfies Fields;

export const command: Command = {
  name: 'probe',
  async run(argv) {
    if (argv.includes('--help')) {
      console.log(`motion-enhancer probe FILE… [options]\n\n${helpText(FIELDS)}`);
      return 0;
    }
    const { values, rest } = parseFlags(FIELDS, argv);
    if (rest.length === 0)
      throw new UserError('Expected a video file: motion-enhancer probe FILE….', { code: 'ERR_USAGE' });
    let whole = true;
    for (const file of rest) {
      const info = await probeVideo(file);
      whole &&= info.verdict === 'ok';
      if (values.json) {
        console.log(JSON.stringify(info));
        continue;
      }
      const size =
        info.verdict === 'unreadable'
          ? ''
          : `, ${info.codec} ${info.width}×${info.height}, ${info.decodedFrames} of ${info.headerFrames ?? '?'} frames, ${info.fps.toFixed(3)} fps, ${info.duration.toFixed(3)} s${info.rotation ? `, rotated ${info.rotation}°` : ''}`;
      console.log(`${file}: ${info.verdict}${size}${info.reason ? ` (${info.reason})` : ''}`);
      for (const note of info.notes ?? []) console.log(`  note: ${note}`);
    }
    return whole ? 0 : 2;
  },
};
