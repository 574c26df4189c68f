import type { GenerationOptions } from '../../vlm/generate/generation-options.js';
import type { VlmTraits } from '../../vlm/index.js';
import type { VideoSettings } from '../../vlm/media/video-input.js';
import type { JudgeName } from '../judges/types.js';

/** What a prompt is written from. */
export interface PromptQuestion {
  /** The stem, without options. Empty for captions. */
  question: string;
  /** Option texts without letters, in order. */
  options: readonly string[];
  /** Letter of each option; by default A, B, C, …. */
  letters?: readonly string[];
  /** As the benchmark's file writes it, for prompts that quote it: MotionBench's question with its options, Video-MME's options. */
  written?: { question?: string; options?: readonly string[] };
  /** Video-MME with subtitles: those of the frames that the model sees, one a line. */
  subtitles?: string;
  /** When the frames that the model sees are shown, s: MotionSight's prompt names them. */
  frameSeconds?: readonly number[];
}

export interface Prompt {
  /** A system message; absent where the protocol has none, so that the checkpoint's own applies. */
  system?: string;
  /** The user's text, which follows the video or image. */
  text: string;
}

/** How the medium is shown; what is absent is as the run's settings say. */
export type VideoRecipe = Readonly<Partial<VideoSettings>>;

/** How a reply is decoded; what is absent is as the checkpoint's generation_config.json says. */
export type DecodingRecipe = Readonly<
  Pick<GenerationOptions, 'temperature' | 'repetitionPenalty' | 'stop'> & { maxNewTokens: number }
>;

/** How token losses become the loss of an option. */
export type LossReduction = 'sum' | 'mean';

interface ProtocolParts {
  /** Name of the benchmark. */
  readonly benchmark: string;
  /** `official`, or the harness that it follows: `lmms-eval`. */
  readonly name: string;
  /** Raised whenever a change of the recipe could change a score. */
  readonly version: number;
  readonly description: string;
  /** Upstream repository, commit and file. */
  readonly source: string;
  /** @param model what the model is, in words that are no family's */
  prompt(question: PromptQuestion, model: VlmTraits): Prompt;
  /** What is shown to models that take frames at a rate, and to those that take a number of them. */
  readonly video: Readonly<Record<VlmTraits['frames'], VideoRecipe>>;
  /** Where the authors say nothing, or where this project does otherwise. */
  readonly ours: readonly string[];
}

/** A reply is generated and judged. */
export interface ReplyProtocol extends ProtocolParts {
  readonly reading: 'reply';
  readonly decoding: DecodingRecipe;
  /** Its verdict is the score. */
  readonly judge: JudgeName;
  /** Versions that differ in the judge alone: runs that were begun with one go on with it. */
  readonly earlier?: readonly { version: number; judge: JudgeName }[];
}

/** The option whose text has the least loss after the prompt is the answer; nothing is generated. */
export interface RankingProtocol extends ProtocolParts {
  readonly reading: 'loss-ranking';
  readonly reduction: LossReduction;
  /** Whether the token that ends a reply counts as the option's last one. */
  readonly endMark: boolean;
}

/** A description is generated; FAVOR's open metric scores it. */
export interface CaptionProtocol extends ProtocolParts {
  readonly reading: 'caption';
  readonly decoding: DecodingRecipe;
}

/** One benchmark's recipe of one harness, whole: the prompt, what the model sees, how it decodes, which judge. */
export type Protocol = ReplyProtocol | RankingProtocol | CaptionProtocol;
