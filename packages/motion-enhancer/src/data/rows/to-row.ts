import { placeTags, readMedia } from './media.js';
import { holdsMedia, type Row, type Turn } from './row.js';
import { NO_CONVERSATION, readTurns } from './turns.js';

/** What a caption answers: caption sets such as MotionBench-Train come without a question. */
export const CAPTION_PROMPT = 'Describe the motion in this video in detail.';

/**
 * One record of a data file as a row.
 * @returns the row, whether a conversation left media without a tag (they then stand before the first question), and the
 *   fields that are not used
 * @throws Error whose message completes "row N: …"
 */
export function toRow(
  value: unknown,
  line: number,
  root: string,
  captionPrompt: string,
): { row: Row; untagged: boolean; unused: string[] } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  const record = value as Record<string, unknown>;
  const caption = captionOf(record);
  const read = readTurns(record);
  if (!read && caption === undefined) throw new Error(NO_CONVERSATION);
  const asked: Turn[] = read?.turns ?? [
    { role: 'user', content: captionPrompt },
    { role: 'assistant', content: caption! },
  ];
  if (!asked.some(({ role }) => role === 'assistant')) throw new Error('no turn is an answer (gpt or assistant)');
  if (!asked.some(({ role, weight }) => role === 'assistant' && weight !== 0))
    throw new Error('none of its answers is learned (loss false or loss_scale 0 in all)');
  const tags = asked.filter(holdsMedia).reduce((n, { content }) => n + content.split('<video>').length - 1, 0);
  const given = read ? withInline(record, read.media) : record;
  const found = readMedia(given, root, tags);
  // A caption describes a video: without one the row means nothing. Talk alone is text for the language model.
  if (!read && found.videos.length === 0) throw new Error(`it names no video${NAMES}`);
  const { turns, media, untagged } = placeTags(asked, found);
  const video = media.find((medium) => medium.type === 'video' && 'path' in medium) as { path: string } | undefined;
  const plain = media.length === 1 && video && Object.keys(media[0]!).length === 2;
  const row: Row = {
    id: String(record.id ?? `row-${line}`),
    video: video?.path ?? '',
    ...(plain ? {} : { media }),
    turns,
    ...(caption === undefined ? {} : { caption }),
    line,
  };
  const used = [...ROW_FIELDS, ...(read?.fields ?? [])];
  const others = Object.keys(record).filter((name) => (record[name] ?? null) !== null && !used.includes(name));
  return { row, untagged: untagged && read !== null, unused: [...others, ...(read?.media.unused ?? [])] };
}

/** Fields that are read of every row, beside those of its conversation. */
const ROW_FIELDS = [
  'id',
  'motion_caption',
  'caption',
  'text',
  'clip',
  'video_start',
  'video_end',
  'image',
  'images',
  'video',
  'videos',
  'video_path',
  'audio',
  'audios',
];

const NAMES = ' (field video, videos or video_path)';

/** Media that messages name come after those of the row's own fields. */
function withInline(record: Record<string, unknown>, { images, videos }: { images: unknown[]; videos: unknown[] }) {
  if (images.length + videos.length === 0) return record;
  const list = (given: unknown) =>
    given === undefined || given === null ? [] : Array.isArray(given) ? given : [given];
  return { ...record, images: [...list(record.images), ...images], videos: [...list(record.videos), ...videos] };
}

/** The description that a row carries; an empty one is none. */
function captionOf(row: Record<string, unknown>): string | undefined {
  const given = [row.motion_caption, row.caption, row.text].find((text) => text !== undefined && text !== null);
  if (given === undefined) return undefined;
  if (typeof given !== 'string') throw new Error('its caption (motion_caption, caption or text) is no text');
  if (given.trim() === '') throw new Error('its caption (motion_caption, caption or text) is empty');
  return given;
}
