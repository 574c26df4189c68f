import { type Row, videoFileOf } from '../../data/rows.js';
import { videoOf } from '../../prior/dataset/choose-rows.js';
import { textsOfRow } from '../../prior/dataset/texts-of-row.js';
import type { PriorInfo } from '../../prior/store/prior.js';
import { hashSource } from '../../prior/video-source.js';

/** Whose prior is looked for. */
export type PriorOwner = Pick<Row, 'id' | 'fileId' | 'video' | 'media' | 'turns' | 'caption'>;

/** A row's prior; or why it has none, to complete "3 rows: …". */
export type PriorMatch = { info: PriorInfo } | { none: string };

/**
 * A prior belongs to a row if it was made of the row's video (by content), of that part of it, and of one of the row's
 * texts. Names say nothing: files without ids all have a row-7, and folders of frames all have a 00001.png. Of several the
 * newest counts, of those under the row's own id where there are any.
 * @param byText the priors of each text, the newest first
 */
export function matchPrior(row: PriorOwner, byText: ReadonlyMap<string, readonly PriorInfo[]>): PriorMatch {
  const video = videoOf(row as Row);
  if (!video) return { none: 'they have no video' };
  const ofText = [...textsOfRow(row)].flatMap((text) => byText.get(text) ?? []);
  if (ofText.length === 0) return { none: 'no prior is of their text' };
  // Most rows without a prior end here, and their videos need not be read.
  const { start, end } = 'path' in video ? video : {};
  const ofPart = ofText.filter((info) => info.video.start === start && info.video.end === end);
  if (ofPart.length === 0) return { none: 'priors of their text are of another part of a video' };
  let sha256: string;
  try {
    ({ sha256 } = hashSource(video));
  } catch {
    return { none: `their video cannot be read (the first: ${videoFileOf(row)})` };
  }
  const own = ofPart.filter((info) => info.video.sha256 === sha256);
  if (own.length === 0) return { none: 'priors of their text are of another video' };
  const names = new Set([row.id, row.fileId]);
  const named = own.filter(({ id }) => names.has(id));
  return { info: newest(named.length > 0 ? named : own) };
}

const newest = (infos: readonly PriorInfo[]): PriorInfo =>
  infos.reduce((best, info) => (info.createdAt > best.createdAt ? info : best));
