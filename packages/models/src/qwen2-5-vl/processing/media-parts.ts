import { UserError } from '@motion-enhancer/support';
import type { ChatMessage } from './chat-template.js';

type Typed = { type: 'image' | 'video' };

/**
 * The messages' image and video parts must be the media, in their order.
 * @throws UserError ERR_MEDIA
 */
export function checkMediaParts(messages: readonly ChatMessage[], media: readonly Typed[]): void {
  const parts = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter((part): part is Typed => part.type !== 'text'),
  );
  if (parts.length === media.length && parts.every(({ type }, i) => type === media[i]!.type)) return;
  const list = (items: readonly Typed[]) => items.map(({ type }) => type).join(', ') || 'none';
  throw new UserError(
    `Expected an image or video for each part of the messages (${list(parts)}) but received ${list(media)}. Give as many as the messages name, in their order.`,
    { code: 'ERR_MEDIA' },
  );
}
