import { dataBytes } from './data-bytes.js';
import { type DataSet, describedSets } from './described-sets.js';

/** Descriptions are short; what is longer holds rows. */
const MAX_BYTES = 1 << 26;

/** The data sets that a file describes; null where it is no description. @throws UserError ERR_DATA */
export async function readDescription(path: string, name?: string): Promise<DataSet[] | null> {
  if (!/\.json$/i.test(path)) return null;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of dataBytes(path)) {
    if (pieces.length === 0 && piece.toString('latin1', 0, 256).trimStart()[0] === '[') return null;
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MAX_BYTES) return null;
  }
  return describedSets(path, Buffer.concat(pieces).toString('utf8'), name);
}
