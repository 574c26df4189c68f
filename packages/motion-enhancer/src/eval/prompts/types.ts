import type { GenerationOptions } from '../../vlm/generation-options.js';
import type { VideoSettings } from '../../vlm/video-input.js';
import type { JudgeName } from '../judges/types.js';

export const BENCHMARKS = ['motionbench', 'favor', 'favor-open', 'seedbench', 'videomme'] as const;
export type BenchmarkName = (typeof BENCHMARKS)[number];

export const PROTOCOL_NAMES = ['official', 'lmms-eval', 'vlmevalkit', 'motionsight', 'letter', 'loss-ranking'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** What a prompt is written from. */
export interface PromptQuestion {
  /** The stem, without options. Of FAVOR's captions: empty. */
  question: string;
  /** Option texts without letters, in order. */
  options: readonly string[];
  /** Letter of each option; by default A, B, C, …. */
  letters?: readonly string[];
  /** Lines of the video's subtitles, where the run is one with subtitles. */
  subtitles?: string;
  /** When the frames that the model sees are shown, s; MotionSight's prompt names them. */
  frameSeconds?: readonly number[];
}

export interface Prompt {
  /** A system message; left out where the protocol has none, so that the checkpoint's own applies. */
  system?: string;
  /** The user's text, which follows the video (or the image). */
  text: string;
}

/** Numbers that decoding is bound to. */
export type DecodingRecipe = Pick<GenerationOptions, 'maxNewTokens' | 'temperature' | 'repetitionPenalty'> & {
  maxNewTokens: number;
};

/**
 * One benchmark's recipe of one harness, whole: what is asked, what the model sees, how it decodes and who judges. Plain
 * data but for `prompt`; it is printed with every score (`recipeOf`).
 */
export interface Protocol {
  readonly benchmark: BenchmarkName;
  readonly name: ProtocolName;
  /** Raised whenever a change of the recipe could change a score. */
  readonly version: number;
  readonly description: string;
  /** Upstream repository, commit and file. */
  readonly source: string;
  /** `generate`: a reply is judged; `loss-ranking`: the option of least loss is the answer; `caption`: a text that FAVOR's open metric scores. */
  readonly reading: 'generate' | 'loss-ranking' | 'caption';
  /** What the prompt is, in words: where the medium stands and what is asked. */
  readonly promptText: string;
  prompt(question: PromptQuestion): Prompt;
  /** How the medium is shown; what is absent is as the run's settings say. */
  readonly video: Readonly<Partial<VideoSettings>>;
  /** What is absent is as the checkpoint's generation_config.json says: FAVOR's repetition penalty comes from there. */
  readonly decoding: Readonly<DecodingRecipe>;
  /** Its verdict is the score. */
  readonly judge: JudgeName | null;
  /** Where the authors say nothing and we chose. */
  readonly ours: readonly string[];
}
