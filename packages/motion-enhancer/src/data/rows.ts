export { absoluteSpec, type DataSpec, dataOfSettings, parseDataSpec } from './rows/data-spec.js';
export { type Data, type ReadDataOptions, readData, readRows, type TakenSet } from './rows/read-data.js';
export {
  type BadRow,
  holdsMedia,
  MEDIA_TAG,
  mediaOf,
  plainText,
  type Row,
  type RowMedium,
  type Turn,
  videoFileOf,
} from './rows/row.js';
export { CAPTION_PROMPT } from './rows/to-row.js';
