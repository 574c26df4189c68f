import { isAbsolute, join } from 'node:path';
import { localPath } from '../local-path.js';
import { PICTURE, pictureFolder } from '../video/picture-folder.js';
import { holdsMedia, MEDIA_TAG, type RowMedium, type Turn } from './row.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Media of a row: `video`, `videos`, `video_path` and `image`, `images`, each a path (or `file://` URL), a list of paths, or
 * (videos) lists of frame paths or a folder of frames. A part of a video, in seconds, is `clip` [from, to] of a row's one
 * video (InternVL), or `video_start` and `video_end` of the row or of the video itself (qwen-vl-utils). A flat list of pictures
 * is one video's frames where the conversation speaks of one video.
 * @param tags how many `<video>` the conversation has
 * @throws Error whose message completes "row N: it …"
 */
export function readMedia(row: Fields, root: string, tags: number): { images: RowMedium[]; videos: RowMedium[] } {
  const at = (path: string) => {
    const local = localPath(path);
    return isAbsolute(local) || /^[a-z]+:\/\//i.test(local) ? local : join(root, local);
  };
  const images = listOf(row.image, row.images).map(
    (item): RowMedium => ({ type: 'image', path: at(pathOf(item, 'image')) }),
  );
  let given = listOf(row.video, row.videos, row.video_path);
  if (given.length > 1 && tags <= 1 && given.every((item) => typeof item === 'string' && PICTURE.test(item)))
    given = [given];
  const spans = spansOf(row, given);
  const videos = given.map((item, i): RowMedium => videoOf(item, spans[i] ?? {}, at));
  const hasAudio = (row.audio !== undefined || row.audios !== undefined) && listOf(row.audio, row.audios).length > 0;
  if (hasAudio) throw new Error('it names audio, which no model here hears');
  return { images, videos };
}

interface Span {
  start?: number;
  end?: number;
}

function videoOf(item: unknown, span: Span, at: (path: string) => string): RowMedium {
  const frames = Array.isArray(item) ? item : (item as Fields | null)?.frames;
  const listed = Array.isArray(frames) ? frames.map((frame) => at(pathOf(frame, 'video'))) : null;
  if (listed?.length === 0) throw new Error('it names a video without frames');
  const path = listed ? '' : at(pathOf(item, 'video'));
  const paths = listed ?? pictureFolder(path);
  if (!paths) return { type: 'video', path, ...span };
  if (span.start !== undefined || span.end !== undefined)
    throw new Error('it names seconds of a video that is a list of pictures, which have no times');
  if (paths.length === 0) throw new Error(`it names the folder ${path} as a video, which holds no pictures`);
  return { type: 'video', paths };
}

/**
 * The part of each video that is meant. Sources: OpenGVLab/InternVL internvl/train/dataset.py (read_frames_decord: clip);
 * qwen-vl-utils vision_process.py (calculate_video_frame_range: video_start, video_end).
 */
function spansOf(row: Fields, given: readonly unknown[]): Span[] {
  const { clip } = row;
  if (clip !== undefined && clip !== null) {
    const [start, end] = Array.isArray(clip) ? clip : [];
    const whole = Array.isArray(clip) && clip.length === 2 && [start, end].every((s) => Number.isFinite(s));
    if (!whole || start < 0 || end <= start) throw new Error('its clip is not [from, to] in seconds');
    if (given.length !== 1 || Array.isArray(given[0])) throw new Error('its clip wants exactly one video file');
    return [{ start, end }];
  }
  return given.map((item, i): Span => {
    const own = typeof item === 'object' && item !== null && !Array.isArray(item) ? (item as Fields) : {};
    const [start, end] = (['video_start', 'video_end'] as const).map((name) =>
      seconds(name, own[name] ?? ofVideo(name, row[name], i, given.length)),
    );
    if (end !== undefined && end <= (start ?? 0))
      throw new Error(`its video_end (${end}) is not after its video_start (${start ?? 0})`);
    return { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
  });
}

/** A row's own field: a number of its one video, or a list of a number for each. */
function ofVideo(name: string, value: unknown, place: number, count: number): unknown {
  if (value === undefined || value === null) return undefined;
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if (list.length !== count) throw new Error(`it has ${list.length} ${name} for ${count} videos`);
  return list[place];
}

function seconds(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0)
    throw new Error(`its ${name} is no time in seconds`);
  return number;
}

function listOf(...given: unknown[]): unknown[] {
  return given.flatMap((item) => (item === undefined || item === null ? [] : Array.isArray(item) ? item : [item]));
}

/** A path, or ms-swift's {path}. */
function pathOf(item: unknown, kind: 'image' | 'video'): string {
  const fields = item as Fields | null;
  const path = typeof item === 'object' && fields !== null ? (fields.path ?? fields[kind] ?? fields.url) : item;
  if (typeof path === 'string' && path.startsWith('data:'))
    throw new Error(`it holds its ${kind} within itself (a data: address). Write it into a file and name that`);
  if (typeof path === 'string' && path !== '') return path;
  if (fields?.bytes) throw new Error(`it holds its ${kind} within itself (bytes). Write it into a file and name that`);
  throw new Error(`it names no ${kind} where one is expected`);
}

/**
 * Puts media and tags together: media in the order of their tags in questions; `<video>` in an answer is text. Media of a kind
 * without any tag stand before the first user's text, images first.
 * @throws Error when tags and media of a kind differ in number
 */
export function placeTags(
  turns: readonly Turn[],
  { images, videos }: { images: RowMedium[]; videos: RowMedium[] },
): { turns: Turn[]; media: RowMedium[]; untagged: boolean } {
  const tagsOf = (list: readonly Turn[]) =>
    list
      .filter(holdsMedia)
      .flatMap(({ content }) => [...content.matchAll(MEDIA_TAG)].map((match) => match[1] as 'image' | 'video'));
  const given = { image: images, video: videos };
  const asWritten = tagsOf(turns);
  // LLaVA's video sets write <image> where a video stands.
  const imageMeansVideo =
    images.length === 0 &&
    videos.length > 0 &&
    asWritten.length === videos.length &&
    asWritten.every((tag) => tag === 'image');
  const tagged = imageMeansVideo ? turns.map(imageTagsAsVideo) : turns;
  const found = tagsOf(tagged);
  let front = '';
  for (const kind of ['image', 'video'] as const) {
    const tags = found.filter((tag) => tag === kind).length;
    const files = given[kind].length;
    if (tags === files) continue;
    if (tags > 0) throw new Error(`it has ${tags} <${kind}> tags but names ${files} ${kind}s`);
    front += `<${kind}>`.repeat(files);
  }
  const first = tagged.findIndex(({ role }) => role === 'user');
  if (front !== '' && first < 0) throw new Error('no turn is a question (human or user)');
  const placed = tagged.map((turn, i) => (i === first ? { ...turn, content: front + turn.content } : turn));
  const next = { image: 0, video: 0 };
  return { turns: placed, media: tagsOf(placed).map((kind) => given[kind][next[kind]++]!), untagged: front !== '' };
}

const imageTagsAsVideo = (turn: Turn): Turn =>
  holdsMedia(turn) ? { ...turn, content: turn.content.replaceAll('<image>', '<video>') } : turn;
