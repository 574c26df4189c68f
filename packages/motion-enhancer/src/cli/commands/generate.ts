import { VLM_FILES } from '@motion-enhancer/models';
import type { Fields } from '../../config/field.js';
import { pick } from '../../config/field.js';
import { DEVICE_FIELDS } from '../../config/fields-of-run.js';
import { askAboutVideo } from '../../vlm/ask.js';
import { loadVlm } from '../../vlm/load.js';
import { VIDEO_FIELDS } from '../../vlm/video-input.js';
import { fetchCheckpoint, OR_NAME } from '../fetch-checkpoint.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vlm: { type: 'path', default: '', required: true, text: `Folder of a Qwen2.5-VL checkpoint, ${OR_NAME}` },
  video: { type: 'path', default: '', required: true, text: 'Video file' },
  prompt: { type: 'string', default: '', required: true, text: 'The question' },
  maxNewTokens: { type: 'integer', default: 128, min: 1, text: 'Longest answer', unit: 'tokens' },
  temperature: { type: 'number', default: null, min: 0, text: '0 is greedy; unsaid: as generation_config.json says' },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the sampling' },
  ...VIDEO_FIELDS,
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'generate',
  async run(argv) {
    const parsed = parseCommand('generate', '--vlm DIR --video FILE --prompt "…" [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const vlm = loadVlm(await fetchCheckpoint(values.vlm, { files: VLM_FILES, json: values.json }), resolveRun(values));
    try {
      if (vlm.weights === 'random') {
        const message = 'note: this checkpoint has untrained random weights: its answer means nothing';
        console.error(values.json ? JSON.stringify({ type: 'log', label: 'generate', message }) : message);
      }
      const answer = await askAboutVideo(vlm, values.video, values.prompt, pick(VIDEO_FIELDS, values), {
        maxNewTokens: values.maxNewTokens,
        ...(values.temperature === null ? {} : { temperature: values.temperature }),
        seed: values.seed,
        ...(values.json ? {} : { onText: (piece: string) => process.stdout.write(piece) }),
      });
      console.log(
        values.json
          ? JSON.stringify({ type: 'answer', video: values.video, prompt: values.prompt, answer, weights: vlm.weights })
          : '',
      );
      return 0;
    } finally {
      vlm.dispose();
    }
  },
};
