import { letterProtocol } from '../../prompts/letter.js';
import { DIRECTLY, writtenOptions } from '../../prompts/option-lines.js';
import { GREEDY, HARNESS_VIDEO, LETTER_DECODING, PAPER_VIDEO } from '../../prompts/recipes.js';
import type { Protocol } from '../../prompts/types.js';

const SELECT = 'Select the best answer to the following multiple-choice question based on the video';
const ONLY_LETTER = 'Respond with only the letter (A, B, C, or D) of the correct option.';

export const VIDEOMME_PROTOCOLS: readonly Protocol[] = [
  {
    benchmark: 'videomme',
    name: 'official',
    version: 1,
    description: 'the authors’ prompt and parser',
    source: 'BradyFU/Video-MME README.md; thanku-all/parse_answer @ afd52cf eval_your_results.py',
    reading: 'reply',
    prompt: (question) => ({
      text: `${subtitleLines(question.subtitles)}${SELECT}. ${ONLY_LETTER}\n${question.question}\n${writtenOptions(question)}\nThe best answer is:`,
    }),
    video: PAPER_VIDEO,
    decoding: LETTER_DECODING,
    judge: 'videomme',
    ours: [
      'a reply without a letter counts as wrong; the authors’ script leaves it out of the mean (reported beside the score)',
      'frames and pixels are the paper’s: the authors take as many as a model can; decoding is greedy',
    ],
  },
  {
    benchmark: 'videomme',
    name: 'lmms-eval',
    version: 1,
    description: 'lmms-eval’s task videomme; its text names subtitles even where there are none',
    source: 'EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/tasks/videomme',
    reading: 'reply',
    prompt: (question) => {
      const head = `${SELECT} and the subtitles. ${ONLY_LETTER}\n${question.question}\n${writtenOptions(question)}\n`;
      const { subtitles } = question;
      return {
        text:
          subtitles === undefined
            ? `${head}\n${DIRECTLY}`
            : `This video's subtitles are listed below: \n${subtitles || 'No subtitles available'}\n${head}The best answer is:`,
      };
    },
    video: HARNESS_VIDEO.lmms,
    decoding: { ...GREEDY, maxNewTokens: 16 },
    judge: 'lmms-mcq-abcd',
    ours: ['32 frames spread from the first to the last frame of the video, not from a first choice of 2 fps'],
  },
  {
    benchmark: 'videomme',
    name: 'vlmevalkit',
    version: 1,
    description: 'VLMEvalKit’s Video-MME_8frame with exact matching',
    source: 'open-compass/VLMEvalKit @ e8e78f0 vlmeval/dataset/videomme.py, vlm/internvl/utils.py',
    reading: 'reply',
    prompt: (question, { prompts }) => {
      const subtitles = subtitleLines(question.subtitles);
      const head = `\nThese are the frames of a video. ${subtitles}${SELECT}. ${ONLY_LETTER}\n`;
      const text = `${head}Question: ${question.question}\n${writtenOptions(question)}\nAnswer: `;
      return { text: prompts === 'direct' ? `${text.replaceAll('\nAnswer:', '')}\n${DIRECTLY}` : text };
    },
    video: HARNESS_VIDEO.vlmevalkit,
    decoding: { ...GREEDY, repetitionPenalty: 1, maxNewTokens: 2048 },
    judge: 'vlmevalkit-videomme',
    ours: [],
  },
  letterProtocol('videomme'),
];

const subtitleLines = (subtitles: string | undefined): string =>
  subtitles === undefined ? '' : `This video's subtitles are listed below:\n${subtitles}\n`;
