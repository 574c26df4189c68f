import { UserError } from '@motion-enhancer/support';
import { type ChatMessage, type ChatSegment, chatSegments } from '../../qwen2-5-vl/processing/chat-template.js';

/** An image's tiles stand in one place, a video's frames in one each. */
export interface MediaSize {
  type: 'image' | 'video';
  /** Tiles or frames. */
  count: number;
}

export interface InternVL3ChatOptions {
  /** Of a chat whose first message is not a system message; null for none. By default the config's. */
  system?: string | null;
  /** Before each frame: `Frame1: ` (model card, evaluation, transformers; the default) or `Frame-1: ` (trainer, VLMEvalKit). */
  frameLabel?: 'Frame1' | 'Frame-1';
}

/**
 * The chat text of InternVL3, cut where replies begin and end; one `<IMG_CONTEXT>` stands for each image or frame.
 * Sources: OpenGVLab/InternVL @ 2410d1d internvl/conversation.py (internvl2_5); transformers
 * models/internvl/processing_internvl.py @ v5.18.0.
 * @param media of the image and video parts, in order
 * @throws UserError ERR_MEDIA when parts and media do not match
 */
export function internVL3Segments(
  messages: readonly ChatMessage[],
  media: readonly MediaSize[],
  { imageToken, system, frameLabel = 'Frame1' }: InternVL3ChatOptions & { imageToken: string; system: string | null },
): ChatSegment[] {
  const image = `<img>${imageToken}</img>\n`;
  const label = frameLabel === 'Frame1' ? 'Frame' : 'Frame-';
  let used = 0;
  const render = (content: ChatMessage['content']): string => {
    if (typeof content === 'string') return content;
    const parts = content.map((part) => {
      if (part.type === 'text') return part.text;
      const medium = media[used++];
      if (medium?.type !== part.type) throw mismatch(messages, media);
      if (part.type === 'image') return image;
      return Array.from({ length: medium.count }, (_, i) => `${label}${i + 1}: ${image}`).join('');
    });
    return parts.join('');
  };
  const rendered = messages.map(({ role, content }) => ({ role, content: render(content) }));
  if (used !== media.length) throw mismatch(messages, media);
  return chatSegments(rendered, { imagePad: imageToken, videoPad: imageToken, system });
}

function mismatch(messages: readonly ChatMessage[], media: readonly MediaSize[]): UserError {
  const parts = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter((part) => part.type !== 'text'),
  );
  const list = (items: readonly { type: string }[]) => items.map((item) => item.type).join(', ') || 'none';
  return new UserError(
    `Expected an image or video for each part of the messages (${list(parts)}) but received ${list(media)}. Give as many as the messages name, in their order.`,
    { code: 'ERR_MEDIA' },
  );
}
