import type { GenerationOptions } from '../generate/generation-options.js';
import type { VideoSettings } from '../media/video-input.js';
import type { Vlm } from '../types.js';
import { answer } from './answer.js';
import { disposeChat, prepareChat } from './chat.js';
import { placeMedia } from './place-media.js';

export interface AskOptions extends Omit<GenerationOptions, 'onText'> {
  /** Pieces of the answer as they come. */
  onText?(piece: string): void;
}

/** Answers a question about a video file. @throws UserError ERR_VIDEO, ERR_MEDIA, ERR_CONTEXT, ERR_VALUE */
export async function askAboutVideo(
  vlm: Vlm,
  video: string,
  prompt: string,
  settings: VideoSettings,
  options: AskOptions,
): Promise<string> {
  const messages = placeMedia([{ role: 'user', content: prompt }], [{ type: 'video', path: video }]);
  const chat = await prepareChat(vlm, messages, settings);
  try {
    return answer(vlm, chat, options);
  } finally {
    disposeChat(chat);
  }
}
