import type { VlmTraits } from '../../../vlm/index.js';
import { letterProtocol } from '../../prompts/letter.js';
import { askedDirectly, optionLines } from '../../prompts/option-lines.js';
import { GREEDY, HARNESS_VIDEO } from '../../prompts/recipes.js';
import type { Protocol, VideoRecipe } from '../../prompts/types.js';

/** The authors' decoded frames are 8 a question. */
const EIGHT: Readonly<Record<VlmTraits['frames'], VideoRecipe>> = {
  rate: { frames: 8, frameRule: 'qwen-vl-utils', maxPixels: 360 * 420, secondPerGrid: 'true' },
  count: { frames: 8, frameRule: 'auto' },
};

export const SEEDBENCH_PROTOCOLS: readonly Protocol[] = [
  {
    benchmark: 'seedbench',
    name: 'official',
    version: 1,
    description: 'the option whose text has the least loss, summed over its tokens',
    source: 'AILab-CVC/SEED-Bench @ 991e849 eval.py, model/instruct_blip_interface.py',
    reading: 'loss-ranking',
    prompt: ({ question }) => ({ text: `Question: ${question}\nAnswer:` }),
    video: EIGHT,
    reduction: 'sum',
    // T5's tokenizer ends every option with </s>.
    endMark: true,
    ours: ['the prompt is that for InstructBLIP, put into this model’s chat; the option is the assistant’s reply'],
  },
  {
    benchmark: 'seedbench',
    name: 'loss-ranking',
    version: 1,
    description: 'lmms-eval’s task seedbench_ppl: the option whose text has the least mean loss',
    source: 'EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/seedbench (seedbench_ppl), api/task.py',
    reading: 'loss-ranking',
    prompt: ({ question }) => ({ text: `${question} Answer :` }),
    video: EIGHT,
    reduction: 'mean',
    // Its LLaVA counts all that its chat template writes after the prompt.
    endMark: true,
    ours: [
      'frames and pixels: 8 frames of at most 360·420',
      'a newline that a template writes after the end mark does not count',
    ],
  },
  {
    benchmark: 'seedbench',
    name: 'lmms-eval',
    version: 1,
    description: 'lmms-eval’s task seedbench: first character of the reply',
    source: 'EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/seedbench',
    reading: 'reply',
    prompt: (question) => ({ text: askedDirectly(question) }),
    video: EIGHT,
    decoding: { ...GREEDY, stop: ['ASSISTANT:'], maxNewTokens: 128 },
    judge: 'lmms-first-char',
    ours: ['a video’s frames are shown as one video, not as separate images'],
  },
  {
    benchmark: 'seedbench',
    name: 'vlmevalkit',
    version: 1,
    description: 'VLMEvalKit’s SEEDBench_IMG; InternVL3 with its own prompt',
    source: 'open-compass/VLMEvalKit @ e8e78f0 vlmeval/dataset/image_mcq.py, vlm/internvl/utils.py',
    reading: 'reply',
    prompt: (question, { prompts }) => ({
      text:
        prompts === 'direct'
          ? askedDirectly(question)
          : `Question: ${question.question}\nOptions:\n${optionLines(question)}\nPlease select the correct answer from the options above. \n`,
    }),
    video: HARNESS_VIDEO.vlmevalkit,
    decoding: { ...GREEDY, repetitionPenalty: 1, maxNewTokens: 2048 },
    judge: 'vlmevalkit-can-infer',
    ours: ['VLMEvalKit has the image questions only; the same is asked of the videos, 8 frames each'],
  },
  letterProtocol('seedbench', EIGHT),
];
