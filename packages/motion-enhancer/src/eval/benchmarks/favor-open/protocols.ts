import { GREEDY } from '../../prompts/recipes.js';
import type { Protocol } from '../../prompts/types.js';
import { OFFICIAL_VIDEO } from '../favor/protocols.js';

const CAPTION =
  'Describe the motions in this video in detail and in the order in which they happen: how the camera moves, and what each subject does.';

export const FAVOR_OPEN_PROTOCOLS: readonly Protocol[] = [
  {
    benchmark: 'favor-open',
    name: 'official',
    version: 1,
    description: 'a free description, scored by the authors’ LLM-free metric',
    source: 'FAVOR-Bench/FAVOR-Bench @ 62c7e0f LLM-free (metric), inference_qa_qwen.py (frames, decoding)',
    reading: 'caption',
    prompt: () => ({ text: CAPTION }),
    video: OFFICIAL_VIDEO,
    decoding: { ...GREEDY, maxNewTokens: 512 },
    ours: [
      'the prompt: the authors’ files hold none for descriptions',
      'at most 512 tokens',
      'step 1 of the metric follows the authors’ description in our own code',
    ],
  },
];
