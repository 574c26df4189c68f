import type { Fields, Values } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import type { FlagValue } from '@motion-enhancer/core/internal/config/flags.js';
import {
  type GenerationOptions,
  loadVlm,
  type MediumPart,
  VIDEO_FIELDS,
  type Vlm,
} from '@motion-enhancer/core/internal/vlm/index.js';
import { VLM_FILES } from '@motion-enhancer/models';
import { checkpointText } from './checkpoint-text.js';
import { fetchCheckpoint } from './fetch-checkpoint.js';
import { OUTPUT_FIELDS, resolveRun } from './run-options.js';

/** Settings of an answer; unsaid ones are generation_config.json's. */
export const GENERATION_FIELDS = {
  maxNewTokens: {
    type: 'integer',
    default: null,
    min: 1,
    text: 'Longest answer; unsaid: as generation_config.json says, else 128',
    unit: 'tokens',
  },
  temperature: {
    type: 'number',
    default: null,
    min: 0,
    text: '0 is greedy; unsaid, this and the next three are as generation_config.json says',
  },
  topP: { type: 'number', default: null, min: 0, max: 1, text: 'Draw from the likeliest tokens that hold this share' },
  topK: { type: 'integer', default: null, min: 0, text: 'Draw from so many likeliest tokens; 0: from all' },
  repetitionPenalty: {
    type: 'number',
    default: null,
    min: 0,
    text: 'Logits of tokens seen before, prompt included, are divided by it',
  },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the draws' },
  prefillChunk: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'Compute long prompts so many tokens at a time, which needs less memory; 0: at once',
    unit: 'tokens',
  },
  stop: { type: 'strings', default: [], text: 'Text that ends the answer and is not part of it' },
} as const satisfies Fields;

/** Settings of the commands that talk with a VLM. */
export const TALK_FIELDS = {
  vlm: {
    type: 'path',
    default: '',
    required: true,
    get text() {
      return checkpointText();
    },
  },
  video: { type: 'paths', default: [], text: 'Video file' },
  image: { type: 'paths', default: [], text: 'Image file: PNG, JPEG, WebP, BMP, GIF, TIFF' },
  start: { type: 'number', default: null, min: 0, text: 'Part of the videos that is looked at, from', unit: 's' },
  end: { type: 'number', default: null, min: 0, text: 'Part of the videos that is looked at, to', unit: 's' },
} as const satisfies Fields;

export const ANSWER_FIELDS = {
  attention: {
    type: 'strings',
    default: [],
    text: 'Word of question or answer whose attention over the frames is drawn, into --out',
  },
  out: { type: 'path', default: 'attention', text: 'Folder of the pictures of --attention' },
  ...GENERATION_FIELDS,
  ...VIDEO_FIELDS,
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

/** What the command line says about answers. */
export function generationOf(values: Values<typeof GENERATION_FIELDS>): GenerationOptions {
  const { maxNewTokens, temperature, topP, topK, repetitionPenalty, seed, stop, prefillChunk } = values;
  return {
    ...(maxNewTokens === null ? {} : { maxNewTokens }),
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { topP }),
    ...(topK === null ? {} : { topK }),
    ...(repetitionPenalty === null ? {} : { repetitionPenalty }),
    seed,
    ...(stop.length > 0 ? { stop } : {}),
    ...(prefillChunk > 0 ? { prefillChunk } : {}),
  };
}

/** Images and videos in the order in which the command line names them. */
export function mediaOf(
  order: readonly FlagValue[],
  { start, end }: { start: number | null; end: number | null },
): MediumPart[] {
  const span = { ...(start === null ? {} : { start }), ...(end === null ? {} : { end }) };
  return order.flatMap(({ name, value: path }): MediumPart[] => {
    if (name === 'video') return [{ type: 'video', path, ...span }];
    return name === 'image' ? [{ type: 'image', path }] : [];
  });
}

export const RANDOM_WEIGHTS_NOTE = 'note: this checkpoint has untrained random weights: its answer means nothing';

/** Fetches and loads the checkpoint; says so when its weights are random. */
export async function loadForTalk(
  values: Values<typeof TALK_FIELDS & typeof DEVICE_FIELDS & typeof OUTPUT_FIELDS>,
  label: string,
): Promise<Vlm> {
  const dir = await fetchCheckpoint(values.vlm, { files: VLM_FILES, json: values.json });
  const vlm = loadVlm(dir, resolveRun(values));
  if (vlm.weights === 'random')
    console.error(
      values.json ? JSON.stringify({ type: 'log', label, message: RANDOM_WEIGHTS_NOTE }) : RANDOM_WEIGHTS_NOTE,
    );
  return vlm;
}
