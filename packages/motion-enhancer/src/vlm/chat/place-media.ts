import { UserError } from '@motion-enhancer/support';
import { holdsMedia, MEDIA_TAG } from '../../data/rows/row.js';
import type { MediumPart } from '../media/media.js';
import type { VlmMessage, VlmPart } from '../types.js';

/** One turn as data sets and command lines have it: media are `<image>` and `<video>` tags in its text. */
export interface TaggedTurn {
  role: VlmMessage['role'];
  content: string;
}

/**
 * Messages in which media stand where tags of questions name them, in order (in answers they are text); without any tag they stand before the first user's text.
 * Source of the conventions: 2U1/Qwen2-VL-Finetune @ 6695161 src/dataset/sft_dataset.py, LLaMA-Factory data/README.md.
 * @throws UserError ERR_MEDIA when tags and media differ in number or kind, ERR_VALUE when no user speaks
 */
export function placeMedia(turns: readonly TaggedTurn[], media: readonly MediumPart[]): VlmMessage[] {
  const first = turns.findIndex(({ role }) => role === 'user');
  if (first < 0)
    throw new UserError(
      `Expected a question (a user's turn) but received ${turns.map(({ role }) => role).join(', ') || 'nothing'}.`,
      { code: 'ERR_VALUE' },
    );
  const tags = turns
    .filter(holdsMedia)
    .flatMap(({ content }) => [...content.matchAll(MEDIA_TAG)].map((match) => match[1]!));
  if (tags.length === 0) {
    return turns.map(({ role, content }, i) =>
      i === first && media.length > 0
        ? { role, content: [...media, { type: 'text', text: content }] }
        : { role, content },
    );
  }
  if (tags.length !== media.length || tags.some((tag, i) => tag !== media[i]!.type)) throw mismatch(tags, media);
  let next = 0;
  return turns.map(({ role, content }) => {
    if (!holdsMedia({ role })) return { role, content };
    const parts: VlmPart[] = [];
    let from = 0;
    for (const match of content.matchAll(MEDIA_TAG)) {
      parts.push({ type: 'text', text: content.slice(from, match.index) }, media[next++]!);
      from = match.index + match[0].length;
    }
    if (from === 0) return { role, content };
    parts.push({ type: 'text', text: content.slice(from) });
    return { role, content: parts.filter((part) => part.type !== 'text' || part.text !== '') };
  });
}

function mismatch(tags: readonly string[], media: readonly MediumPart[]): UserError {
  const counts = (kinds: readonly string[]) => {
    const of = (kind: string) => kinds.filter((k) => k === kind).length;
    return `${of('video')} <video> and ${of('image')} <image>`;
  };
  const kinds = media.map(({ type }) => type);
  const order = counts(tags) === counts(kinds) ? ` (in the order ${tags.join(', ')}, not ${kinds.join(', ')})` : '';
  return new UserError(
    `Expected as many media as the text has tags, ${counts(tags)}, but received ${kinds.filter((k) => k === 'video').length} videos and ${kinds.filter((k) => k === 'image').length} images${order}. Give one file a tag, in their order, or leave the tags out.`,
    { code: 'ERR_MEDIA' },
  );
}
