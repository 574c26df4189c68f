export {
  Aligner,
  type AlignerKind,
  type AlignerOptions,
  alignerFromTensors,
  createAligner,
  loadAligner,
  stackAligners,
} from './aligner.js';
export { type AlignmentLoss, alignmentLoss } from './loss.js';
export { mapSum } from './map-rows.js';
export { alignmentGrid, cells, type Grid, resizeMaps } from './resize.js';
export { rowsOfWords, wordAttention } from './rows.js';
export { scaleMap, scaleRows } from './scale.js';
export { sharpenMap, sharpenRows } from './sharpen.js';
export { type Chat, type PlacedWord, placeWords } from './words.js';
