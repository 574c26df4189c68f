import { noGrad, scope } from '@motion-enhancer/libtorch';
import { generate, prepareVideoChat } from '@motion-enhancer/models';
import type { Vlm } from './load.js';
import { budgetOf, readVideoInput, type VideoSettings } from './video-input.js';

export interface AskOptions {
  maxNewTokens: number;
  /** 0 is greedy. */
  temperature: number;
  topP: number;
  /** 0: the checkpoint's generation_config. */
  repetitionPenalty: number;
  seed: number;
  /** Pieces of the answer as they come. */
  onText?(piece: string): void;
}

/** Answers a question about a video. */
export async function askAboutVideo(
  vlm: Vlm,
  video: string,
  prompt: string,
  settings: VideoSettings,
  options: AskOptions,
): Promise<string> {
  const { frames, sampleFps } = await readVideoInput(video, settings);
  try {
    return noGrad(() =>
      scope(() => {
        const chat = prepareVideoChat(
          vlm.tokenizer,
          vlm.model.config,
          { video: { frames, sampleFps }, prompt },
          budgetOf(settings),
        );
        const decoder = vlm.tokenizer.createDecoder({ skipSpecialTokens: true });
        let answer = '';
        const take = (piece: string) => {
          answer += piece;
          if (piece !== '') options.onText?.(piece);
        };
        const visual = vlm.model.encodeVisual(chat.patches, [chat.grid]);
        generate(
          vlm.model,
          { ids: chat.ids, visual, rope: chat.rope },
          {
            maxNewTokens: options.maxNewTokens,
            eosIds: vlm.generation.eosIds,
            repetitionPenalty: options.repetitionPenalty || vlm.generation.repetitionPenalty,
            ...(options.temperature > 0
              ? { temperature: options.temperature, topP: options.topP, seed: options.seed }
              : {}),
            onToken: (id) => take(decoder.push(id)),
          },
        );
        take(decoder.end());
        return answer;
      }),
    );
  } finally {
    frames.dispose();
  }
}
