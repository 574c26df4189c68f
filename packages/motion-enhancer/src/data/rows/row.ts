export interface Turn {
  role: 'system' | 'user' | 'assistant';
  /** Media stand as `<image>` and `<video>` where the row says so; see `plainText`. */
  content: string;
  /** Weight of an answer's loss where it is not 1; 0: it is read, not learned (ms-swift's `loss` and `loss_scale`). */
  weight?: number;
}

/** A file of a row; a video may be a part of its file (seconds), or a list of pictures. */
export type RowMedium =
  | { type: 'image'; path: string }
  | { type: 'video'; path: string; start?: number; end?: number }
  | { type: 'video'; paths: readonly string[] };

/** One sample of a data set: images and videos, and a conversation about them. */
export interface Row {
  id: string;
  /** Its id in its own file, where a mixture had to change it. */
  fileId?: string;
  /** Its first video file, absolute or relative to the working folder; '' of rows that have none. */
  video: string;
  /** All its media in the order of their tags; left out where they are that one whole video. */
  media?: readonly RowMedium[];
  turns: Turn[];
  /** What the video shows, of rows that describe it rather than talk about it; `turns` then ask for it. */
  caption?: string;
  /** 1-based, for messages. */
  line: number;
}

export interface BadRow {
  line: number;
  reason: string;
  /** Of data sets of several files. */
  file?: string;
}

/** The media of a row in the order of their tags. */
export function mediaOf({ media, video }: Pick<Row, 'media' | 'video'>): readonly RowMedium[] {
  return media ?? [{ type: 'video', path: video }];
}

/** The file of a row's first video, or the first of its pictures; '' of rows without. */
export function videoFileOf(row: Pick<Row, 'media' | 'video'>): string {
  const video = mediaOf(row).find((medium) => medium.type === 'video');
  return video ? ('path' in video ? video.path : (video.paths[0] ?? '')) : '';
}

/** A newline beside a tag belongs to it, as in 2U1/Qwen2-VL-Finetune. */
export const MEDIA_TAG = /\n?<(image|video)>\n?/g;

/** Whether tags in a turn stand for media: in an answer they are text as any other, which is learned as it is. */
export const holdsMedia = ({ role }: Pick<Turn, 'role'>): boolean => role !== 'assistant';

/** A turn's text without the tags that stand for media. */
export const plainText = ({ role, content }: Pick<Turn, 'role' | 'content'>): string =>
  holdsMedia({ role }) ? content.replace(MEDIA_TAG, '') : content;
