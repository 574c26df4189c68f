import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '@motion-enhancer/libtorch';

export interface Turn {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** One sample of a data set: a video and a conversation about it. */
export interface Row {
  id: string;
  /** Absolute, or relative to the data file's folder. */
  video: string;
  turns: Turn[];
  /** What the video shows, of rows that describe it rather than talk about it; `turns` then ask for it. */
  caption?: string;
  /** 1-based, for messages. */
  line: number;
}

export interface BadRow {
  line: number;
  reason: string;
}

/** What a caption answers: caption sets such as MotionBench-Train come without a question. */
export const CAPTION_PROMPT = 'Describe the motion in this video in detail.';

const ROLES = new Map<string, Turn['role']>([
  ['human', 'user'],
  ['user', 'user'],
  ['gpt', 'assistant'],
  ['assistant', 'assistant'],
  ['system', 'system'],
]);

/**
 * Rows of a JSON list or JSON lines file in the shapes people have (models-vlm.md §5): turns in `conversations`
 * (from/value) or `messages` (role/content), the video in `video`, `videos` or `video_path`; or a description in
 * `motion_caption` (MotionBench-Train), `caption` or `text`, which becomes the answer to `captionPrompt`.
 * Rows that are none of these are returned apart.
 * @throws UserError when the file cannot be read or holds no usable row
 */
export function readRows(
  path: string,
  mediaRoot = dirname(path),
  captionPrompt = CAPTION_PROMPT,
): { rows: Row[]; bad: BadRow[] } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new UserError(`The data file ${path} cannot be read: ${(cause as Error).message}. Check --data.`, {
      code: 'ERR_DATA',
      cause,
    });
  }
  const rows: Row[] = [];
  const bad: BadRow[] = [];
  const add = (value: unknown, line: number) => {
    try {
      rows.push(toRow(value, line, mediaRoot, captionPrompt));
    } catch (error) {
      bad.push({ line, reason: (error as Error).message });
    }
  };
  if (text.trimStart().startsWith('[')) {
    let list: unknown[];
    try {
      list = JSON.parse(text) as unknown[];
    } catch (cause) {
      throw new UserError(`The data file ${path} is not valid JSON: ${(cause as Error).message}.`, {
        code: 'ERR_DATA',
        cause,
      });
    }
    for (const [i, value] of list.entries()) add(value, i + 1);
  } else {
    text.split('\n').forEach((line, i) => {
      if (line.trim() === '') return;
      try {
        add(JSON.parse(line), i + 1);
      } catch {
        bad.push({ line: i + 1, reason: 'not valid JSON' });
      }
    });
  }
  if (rows.length === 0) {
    const first = bad[0] ? ` The first: row ${bad[0].line}, ${bad[0].reason}.` : '';
    throw new UserError(`The data file ${path} has no usable row (${bad.length} are malformed).${first}`, {
      code: 'ERR_DATA',
    });
  }
  return { rows, bad };
}

function toRow(value: unknown, line: number, root: string, captionPrompt: string): Row {
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const row = value as Record<string, unknown>;
  const media = onlyVideo(row);
  const base = { id: String(row.id ?? `row-${line}`), video: isAbsolute(media) ? media : join(root, media) };
  const caption = captionOf(row);
  const list = row.conversations ?? row.messages;
  if (list === undefined && caption !== undefined) {
    const turns: Turn[] = [
      { role: 'user', content: captionPrompt },
      { role: 'assistant', content: caption },
    ];
    return { ...base, turns, caption, line };
  }
  if (!Array.isArray(list) || list.length === 0)
    throw new Error(
      'it has no conversation (field conversations or messages) and no caption (motion_caption, caption or text)',
    );
  let tags = 0;
  const turns = list.map((item: Record<string, unknown>): Turn => {
    const role = ROLES.get(String(item?.from ?? item?.role));
    const content = item?.value ?? item?.content;
    if (!role || typeof content !== 'string') throw new Error('a turn lacks from/value or role/content');
    tags += content.split('<video>').length - 1;
    return { role, content: content.replace(/\n?<video>\n?/g, '') };
  });
  if (tags > 1) throw new Error(`it has ${tags} <video> tags; one video per sample is supported`);
  if (!turns.some((turn) => turn.role === 'assistant')) throw new Error('no turn is an answer (gpt or assistant)');
  return { ...base, turns, ...(caption === undefined ? {} : { caption }), line };
}

/** The description that a row carries; an empty one is none. */
function captionOf(row: Record<string, unknown>): string | undefined {
  const given = [row.motion_caption, row.caption, row.text].find((text) => text !== undefined && text !== null);
  if (given === undefined) return undefined;
  if (typeof given !== 'string') throw new Error('its caption (motion_caption, caption or text) is no text');
  if (given.trim() === '') throw new Error('its caption (motion_caption, caption or text) is empty');
  return given;
}

/** The one video of a row: `video`, `videos` or `video_path`, a path or a list of one. */
function onlyVideo(row: Record<string, unknown>): string {
  const given = row.video ?? row.videos ?? row.video_path;
  const list = Array.isArray(given) ? given : [given];
  if (list.length > 1) throw new Error(`it names ${list.length} videos; one video file per sample is supported`);
  const [media] = list;
  if (typeof media !== 'string' || media === '')
    throw new Error('it names no video (field video, videos or video_path)');
  return media;
}
