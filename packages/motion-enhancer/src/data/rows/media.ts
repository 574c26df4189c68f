import { isAbsolute, join } from 'node:path';
import { MEDIA_TAG, type RowMedium, type Turn } from './row.js';

type Fields = Readonly<Record<string, unknown>>;

const PICTURE = /\.(?:jpe?g|png|webp|bmp|gif|tiff?)$/i;

/**
 * Media of a row: `video`, `videos`, `video_path` and `image`, `images`, each a path, a list of paths, or (videos) lists of
 * frame paths; `clip` [from, to] in seconds is of its one video (InternVL). A flat list of pictures is one video's frames
 * where the conversation speaks of one video.
 * @param tags how many `<video>` the conversation has
 * @throws Error whose message completes "row N: it …"
 */
export function readMedia(row: Fields, root: string, tags: number): { images: RowMedium[]; videos: RowMedium[] } {
  const at = (path: string) => (isAbsolute(path) || /^[a-z]+:\/\//i.test(path) ? path : join(root, path));
  const images = listOf(row.image, row.images).map(
    (item): RowMedium => ({ type: 'image', path: at(pathOf(item, 'image')) }),
  );
  let given = listOf(row.video, row.videos, row.video_path);
  if (given.length > 1 && tags <= 1 && given.every((item) => typeof item === 'string' && PICTURE.test(item)))
    given = [given];
  const videos = given.map((item): RowMedium => {
    if (!Array.isArray(item)) return { type: 'video', path: at(pathOf(item, 'video')) };
    if (item.length === 0) throw new Error('it names a video without frames');
    return { type: 'video', paths: item.map((frame) => at(pathOf(frame, 'video'))) };
  });
  if (row.audio !== undefined || row.audios !== undefined)
    if (listOf(row.audio, row.audios).length > 0) throw new Error('it names audio, which no model here hears');
  return { images, videos: clipped(videos, row.clip) };
}

/** InternVL's `clip`: [from, to] in seconds. Source: OpenGVLab/InternVL internvl/train/dataset.py (read_frames_decord). */
function clipped(videos: RowMedium[], clip: unknown): RowMedium[] {
  if (clip === undefined || clip === null) return videos;
  const [start, end] = Array.isArray(clip) ? clip : [];
  const whole = Array.isArray(clip) && clip.length === 2 && [start, end].every((s) => Number.isFinite(s));
  if (!whole || start < 0 || end <= start) throw new Error('its clip is not [from, to] in seconds');
  const [video] = videos;
  if (videos.length !== 1 || !video || !('path' in video)) throw new Error('its clip wants exactly one video file');
  return [{ type: 'video', path: video.path, start, end }];
}

function listOf(...given: unknown[]): unknown[] {
  return given.flatMap((item) => (item === undefined || item === null ? [] : Array.isArray(item) ? item : [item]));
}

/** A path, or ms-swift's {path}. */
function pathOf(item: unknown, kind: string): string {
  const path = typeof item === 'object' && item !== null ? (item as Fields).path : item;
  if (typeof path !== 'string' || path === '') throw new Error(`it names no ${kind} where one is expected`);
  return path;
}

/**
 * Puts media and tags together: media in the order of their tags. Media of a kind without any tag stand before the first
 * user's text, images first.
 * @throws Error when tags and media of a kind differ in number
 */
export function placeTags(
  turns: readonly Turn[],
  { images, videos }: { images: RowMedium[]; videos: RowMedium[] },
): { turns: Turn[]; media: RowMedium[]; untagged: boolean } {
  const tagsOf = (list: readonly Turn[]) =>
    list.flatMap(({ content }) => [...content.matchAll(MEDIA_TAG)].map((match) => match[1] as 'image' | 'video'));
  const given = { image: images, video: videos };
  let found = tagsOf(turns);
  // LLaVA's video sets write <image> where a video stands.
  if (
    images.length === 0 &&
    videos.length > 0 &&
    found.length === videos.length &&
    found.every((tag) => tag === 'image')
  ) {
    turns = turns.map((turn) => ({ ...turn, content: turn.content.replaceAll('<image>', '<video>') }));
    found = tagsOf(turns);
  }
  let front = '';
  for (const kind of ['image', 'video'] as const) {
    const tags = found.filter((tag) => tag === kind).length;
    const files = given[kind].length;
    if (tags === files) continue;
    if (tags > 0) throw new Error(`it has ${tags} <${kind}> tags but names ${files} ${kind}s`);
    front += `<${kind}>`.repeat(files);
  }
  const first = turns.findIndex(({ role }) => role === 'user');
  if (front !== '' && first < 0) throw new Error('no turn is a question (human or user)');
  const placed = turns.map((turn, i) => (i === first ? { ...turn, content: front + turn.content } : turn));
  const next = { image: 0, video: 0 };
  return { turns: placed, media: tagsOf(placed).map((kind) => given[kind][next[kind]++]!), untagged: front !== '' };
}
