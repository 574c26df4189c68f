import { letterProtocol } from '../../prompts/letter.js';
import { frameTimes } from '../../prompts/motionsight.js';
import { optionLines, writtenQuestion } from '../../prompts/option-lines.js';
import { GREEDY, HARNESS_VIDEO, LETTER_DECODING, PAPER_VIDEO } from '../../prompts/recipes.js';
import type { Protocol } from '../../prompts/types.js';

const LETTERS_ONLY = 'Answer with only the option letter.';

export const MOTIONBENCH_PROTOCOLS: readonly Protocol[] = [
  {
    benchmark: 'motionbench',
    name: 'official',
    version: 1,
    description:
      'the question as the file has it; first character of the polished reply, as the authors’ submission tool',
    source: 'THUDM/MotionBench @ dcc9b07 motionbench/utils/answer_util.py, metrics/compute_accuracy.py',
    reading: 'reply',
    prompt: (question) => ({ text: `${writtenQuestion(question)}\n${LETTERS_ONLY}` }),
    video: PAPER_VIDEO,
    decoding: LETTER_DECODING,
    judge: 'motionbench-polish',
    ours: [
      'the authors publish no prompt: the sentence after the question is MotionSight’s',
      'the authors publish no frames or decoding: frames and pixels are the paper’s (1 fps; InternVL3 8 frames), decoding is greedy',
    ],
  },
  {
    benchmark: 'motionbench',
    name: 'lmms-eval',
    version: 1,
    description: 'lmms-eval’s task motionbench_full',
    source: 'EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/motionbench',
    reading: 'reply',
    prompt: (question) => ({
      text: `${question.question}\n${optionLines(question)}\nAnswer with only the option letter (A, B, C, D, E, or F).`,
    }),
    video: HARNESS_VIDEO.lmms,
    decoding: { ...GREEDY, maxNewTokens: 64 },
    judge: 'lmms-motionbench',
    ours: ['32 frames spread from the first to the last frame of the video, not from a first choice of 2 fps'],
  },
  {
    benchmark: 'motionbench',
    name: 'vlmevalkit',
    version: 1,
    description: 'forks of VLMEvalKit that have MotionBench (upstream’s HEAD has not)',
    source: 'forks of open-compass/VLMEvalKit',
    reading: 'reply',
    prompt: (question) => ({
      text: `Question: ${question.question}\n${optionLines(question)}\nAnswer with the option letter (A, B, C, or D) of the correct option.`,
    }),
    video: HARNESS_VIDEO.vlmevalkit,
    decoding: { ...GREEDY, repetitionPenalty: 1, maxNewTokens: 2048 },
    judge: 'vlmevalkit-motionbench',
    ours: ['the forks’ system text (“frames … respond with only the letter”) is known in part only and left out'],
  },
  {
    benchmark: 'motionbench',
    name: 'motionsight',
    version: 1,
    description: 'MotionSight’s last question, on the plain frames: its zoomed and blurred videos are not made',
    source: 'NJU-PCALab/MotionSight @ 711ebbd eval/motionsight/eval_motionbench.py',
    reading: 'reply',
    prompt: (question) => ({
      text: `${frameTimes(question)}\n\nHere is the question: "${writtenQuestion(question)}\n${LETTERS_ONLY}".\n\nReply based on the above information. Answer only the answer letter without showing your process.`,
    }),
    video: HARNESS_VIDEO.motionsight,
    decoding: { temperature: 0, maxNewTokens: 512 },
    judge: 'motionsight',
    ours: [
      'Qwen2.5-VL sees one video, not sixteen images each after “Frame{k}: ”',
      'greedy, where the authors draw at temperature 0.01; at most 512 tokens, where their server’s limit applies',
    ],
  },
  letterProtocol('motionbench'),
];
