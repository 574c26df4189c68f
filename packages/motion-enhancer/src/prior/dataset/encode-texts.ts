import type { Entry } from './choose-rows.js';
import type { DatasetJob } from './dataset-job.js';
import { textOfRow } from './text-of-row.js';

const TEXT_BATCH = 512;

/**
 * Where the text of a row is new: its embedding and those of the rows after it, while the encoder is loaded.
 * @param following in the order in which they come
 */
export function encodeTexts(
  { vdm, textFrom, textBatch = TEXT_BATCH }: Pick<DatasetJob, 'vdm' | 'textFrom' | 'textBatch'>,
  text: string,
  following: readonly Entry[],
): void {
  if (vdm.texts.has(text) && vdm.texts.has('')) return;
  const wanted = new Set(['', text]);
  for (const entry of following) {
    if (wanted.size > textBatch) break;
    if ('bad' in entry) continue;
    try {
      wanted.add(textOfRow(entry.row, textFrom).text);
    } catch {
      // Told when its turn comes.
    }
  }
  vdm.texts.clear(wanted);
  vdm.texts.encode(wanted);
}
