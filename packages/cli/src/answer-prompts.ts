import {
  answers,
  disposeVisual,
  type GenerationOptions,
  layOut,
  type MediumInput,
  type MediumPart,
  placeMedia,
  prepareMedium,
  type VideoSettings,
  type Visual,
  type Vlm,
  type VlmMessage,
} from '@motion-enhancer/core/internal/vlm/index.js';
import { keep, noGrad, scope } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { drawAttention } from './draw-attention.js';

export interface PromptJob {
  vlm: Vlm;
  prompts: readonly string[];
  /** Of every prompt: they are seen once. */
  media: readonly MediumPart[];
  settings: VideoSettings;
  generation: GenerationOptions;
  /** Words whose attention is drawn, and where to. */
  attention: readonly string[];
  out: string;
}

export interface PromptAnswer {
  prompt: string;
  answer: string;
  /** Of `attention`: the pictures, and each word's share of attention on what is seen. */
  attention?: { files: string[]; shares: { word: string; visualShare: number }[] };
  /** Why there are none: the word stands in neither question nor answer. */
  attentionError?: UserError;
}

/** Each prompt as a chat of its own. @throws UserError ERR_MEDIA when tags and media differ */
export function messagesOf(prompts: readonly string[], media: readonly MediumPart[]): VlmMessage[][] {
  return prompts.map((content) => placeMedia([{ role: 'user', content }], media));
}

/** Answers all prompts in one batch, the media encoded once. */
export async function answerPrompts(job: PromptJob): Promise<PromptAnswer[]> {
  const { vlm, prompts, media, settings, generation, attention, out } = job;
  const chats = messagesOf(prompts, media);
  const inputs: MediumInput[] = [];
  let visual: Visual | null = null;
  try {
    for (const part of media) inputs.push(await prepareMedium(vlm, part, settings));
    visual = keep(noGrad(() => scope(() => vlm.encode(inputs))));
    const prepared = chats.map((messages) => ({ ...layOut(vlm, messages, inputs, settings), visual }));
    const texts = (() => {
      try {
        return answers(vlm, prepared, generation);
      } finally {
        for (const { positions } of prepared) positions?.dispose();
      }
    })();
    const results: PromptAnswer[] = prompts.map((prompt, i) => ({ prompt, answer: texts[i]! }));
    for (const [i, result] of results.entries()) {
      if (attention.length === 0) continue;
      const whole = [...chats[i]!, { role: 'assistant' as const, content: result.answer }];
      const chat = { ...layOut(vlm, whole, inputs, settings), visual };
      try {
        const folder = results.length > 1 ? `${out}/${i + 1}` : out;
        result.attention = await drawAttention(vlm, chat, media, attention, { settings, out: folder });
      } catch (error) {
        // The answers are there: they must not be lost to it.
        if (!(error instanceof UserError)) throw error;
        result.attentionError = error;
      } finally {
        chat.positions?.dispose();
      }
    }
    return results;
  } finally {
    for (const { pixels } of inputs) pixels.dispose();
    disposeVisual(visual);
  }
}
