import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { pick } from '@motion-enhancer/core/internal/config/field.js';
import { VIDEO_FIELDS } from '@motion-enhancer/core/internal/vlm/index.js';
import { runChat } from '../chat-loop.js';
import { parseCommand } from '../run-options.js';
import { ANSWER_FIELDS, generationOf, loadForTalk, mediaOf, TALK_FIELDS } from '../talk-options.js';
import type { Command } from './registry.js';

const FIELDS = { ...TALK_FIELDS, ...ANSWER_FIELDS } as const satisfies Fields;

export const command: Command = {
  name: 'chat',
  async run(argv) {
    const parsed = parseCommand('chat', '--vlm DIR [--video FILE] [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const vlm = await loadForTalk(values, 'chat');
    try {
      await runChat(vlm, {
        media: mediaOf(parsed.order, values),
        settings: pick(VIDEO_FIELDS, values),
        generation: generationOf(values),
        attention: values.attention,
        out: values.out,
        json: values.json,
        input: process.stdin,
        output: process.stdout,
        notes: process.stderr,
      });
      return 0;
    } finally {
      vlm.dispose();
    }
  },
};
