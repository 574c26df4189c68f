import { letterProtocol } from '../../prompts/letter.js';
import { frameTimes } from '../../prompts/motionsight.js';
import { pyRepr } from '../../prompts/python-repr.js';
import { GREEDY, HARNESS_VIDEO } from '../../prompts/recipes.js';
import type { PromptQuestion, Protocol } from '../../prompts/types.js';

const officialText = ({ question, options }: PromptQuestion): string =>
  `Carefully watch the video and pay attention to temporal dynamics in this video, focusing on the camera motions, actions, activities, and interactions. Based on your observations, select the best option that accurately addresses the question.\n${question}\nYou can only response with the answer among ${pyRepr(options)}`;

/** 1 fps, which the processor is not given: it takes every video for one of 2 fps. */
export const OFFICIAL_VIDEO = {
  rate: { fps: 1, frames: 0, frameRule: 'qwen-vl-utils', maxPixels: 360 * 420, secondPerGrid: 'legacy' },
  // The paper's table says 1 fps for InternVL3, too.
  count: { fps: 1, frames: 0, frameRule: 'segments-fps', maxFrames: 64 },
} as const;

export const FAVOR_PROTOCOLS: readonly Protocol[] = [
  {
    benchmark: 'favor',
    name: 'official',
    version: 1,
    description:
      'the authors’ script for Qwen2.5-VL: options as a Python list, the text of the right one sought in the reply',
    source: 'FAVOR-Bench/FAVOR-Bench @ 62c7e0f inference_qa_qwen.py, analyze_qa.py',
    reading: 'reply',
    prompt: (question) => ({ text: officialText(question) }),
    video: OFFICIAL_VIDEO,
    // Sampling with top_k 1 or temperature 1e-6, as the checkpoints' generation_config.json has it, is greedy with the repetition penalty.
    decoding: { ...GREEDY, maxNewTokens: 256 },
    judge: 'favor',
    ours: [
      'the repetition penalty is the checkpoint’s generation_config.json’s (Qwen2.5-VL: 1.05), as in the authors’ run',
      'InternVL3, for which the authors give no script: 1 fps as in the paper, the middles of equal segments, at most 64 frames',
    ],
  },
  {
    benchmark: 'favor',
    name: 'vlmevalkit',
    version: 1,
    description: 'forks of VLMEvalKit: the authors’ prompt and judge at 1 fps',
    source: 'forks of open-compass/VLMEvalKit',
    reading: 'reply',
    prompt: (question) => ({ text: officialText(question) }),
    video: {
      rate: { ...HARNESS_VIDEO.vlmevalkit.rate, fps: 1, frames: 0 },
      count: HARNESS_VIDEO.vlmevalkit.count,
    },
    decoding: { ...GREEDY, repetitionPenalty: 1, maxNewTokens: 2048 },
    judge: 'favor-before',
    ours: ['InternVL3 sees 8 frames', 'of the authors’ two judges the older one: the forks differ'],
  },
  {
    benchmark: 'favor',
    name: 'motionsight',
    version: 1,
    description: 'MotionSight’s last question, on the plain frames; the judge without the rule of 2025-05-16',
    source: 'NJU-PCALab/MotionSight @ 711ebbd eval/motionsight/eval_favorbernch.py',
    reading: 'reply',
    prompt: (question) => ({
      text: `${frameTimes(question)}\n\nHere is the question: "${officialText(question)}".\n\nReply based on the above information.`,
    }),
    video: HARNESS_VIDEO.motionsight,
    decoding: { temperature: 0, maxNewTokens: 512 },
    judge: 'favor-before',
    ours: [
      'Qwen2.5-VL sees one video, not sixteen images each after “Frame{k}: ”',
      'greedy, where the authors draw at temperature 0.01; at most 512 tokens, where their server’s limit applies',
    ],
  },
  letterProtocol('favor'),
];
