import type { ParityPart } from '../part.js';
import { alignmentPart } from './alignment.js';
import { answerParsingPart } from './answer-parsing.js';
import { cogVideoX2bPart, cogVideoX10Part, cogVideoX15Part } from './cogvideox.js';
import { favorLlmFreePart } from './favor-llmfree.js';
import { internVL3Part } from './internvl3.js';
import { priorPart } from './prior.js';
import { qwen25VLPart } from './qwen2-5-vl.js';
import { schedulePart } from './schedule.js';
import { t5Part } from './t5.js';
import { t5TokensPart } from './t5-tokens.js';
import { vaePart } from './vae.js';

/** Every part, in the order of the report. */
export const PARTS: readonly ParityPart[] = [
  schedulePart,
  t5Part,
  t5TokensPart,
  vaePart,
  cogVideoX15Part,
  cogVideoX10Part,
  cogVideoX2bPart,
  priorPart,
  qwen25VLPart,
  alignmentPart,
  internVL3Part,
  answerParsingPart,
  favorLlmFreePart,
];
