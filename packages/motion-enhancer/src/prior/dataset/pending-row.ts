import { wordSpans } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import { checkText } from '../diffusion/check-text.js';
import type { TextFit } from '../diffusion/text-fit.js';
import type { Latents } from '../diffusion/video-diffusion.js';
import { absoluteSource, fileOf, type VideoSource } from '../video-source.js';
import { type Entry, videoOf } from './choose-rows.js';
import type { DatasetJob } from './dataset-job.js';
import type { Prepared } from './prepare-row.js';
import { type TextSource, textOfRow } from './text-of-row.js';

/** A row with its text, on its way. */
export interface PendingRow {
  entry: Entry;
  id: string;
  /** As it is told. */
  video: string;
  file: VideoSource;
  text: string;
  source?: TextSource;
  /** What of the text the model is told. */
  fit?: TextFit;
  prepared: Promise<Prepared>;
  /** Once it is known. */
  ready?: Prepared;
  /** Of the frames, encoded while the row before was computed; or why that failed. */
  ahead?: { latents: Latents; join: () => void } | { error: unknown };
}

/** Of which rows' run it is. */
type RowsOf = Pick<DatasetJob, 'textFrom'> & { vdm: Pick<DatasetJob['vdm'], 'texts'> };

/** A row that is known to be bad before its video is looked at. */
const badRow = (reason: string): Promise<never> => Promise.reject(new UserError(reason, { code: 'ERR_ROW' }));

/** Starts a row: its text is taken and its video prepared. What is wrong with it is told when its turn comes. */
export function startRow(
  entry: Entry,
  of: RowsOf,
  prepare: (video: VideoSource, text: string) => Promise<Prepared>,
): PendingRow {
  const row = begin(entry, of, prepare);
  row.prepared.then(
    (prepared) => {
      row.ready = prepared;
    },
    () => {},
  );
  return row;
}

function begin(
  entry: Entry,
  { textFrom, vdm: { texts } }: RowsOf,
  prepare: (video: VideoSource, text: string) => Promise<Prepared>,
): PendingRow {
  if ('bad' in entry)
    return { entry, id: `row-${entry.line}`, video: '', file: { path: '' }, text: '', prepared: badRow(entry.bad) };
  const { id } = entry.row;
  const file = absoluteSource(videoOf(entry.row)!);
  const named = { entry, id, file, video: fileOf(file) };
  try {
    const { text, source } = textOfRow(entry.row, textFrom);
    if (wordSpans(text).length === 0) throw new Error(`its ${source} has no word`);
    const fit = texts.fit?.(text);
    if (fit) checkText(text, fit);
    return { ...named, text, source, ...(fit ? { fit } : {}), prepared: prepare(file, text) };
  } catch (error) {
    return { ...named, text: '', prepared: badRow((error as Error).message) };
  }
}
