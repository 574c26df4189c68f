import { protobufFields } from './protobuf-reader.js';
import { tokenizerError } from './tokenizer-error.js';
import type { UnigramVocabulary } from './unigram-vocabulary.js';

// sentencepiece_model.proto: field numbers and enum values.
const MODEL = { PIECES: 1, TRAINER_SPEC: 2, NORMALIZER_SPEC: 3 };
const PIECE = { PIECE: 1, SCORE: 2, TYPE: 3 };
const TRAINER = { MODEL_TYPE: 3, SUFFIX_WHITESPACE: 24, BYTE_FALLBACK: 35, UNK_ID: 40, EOS_ID: 42, PAD_ID: 43 };
const NORMALIZER = { CHARSMAP: 2, DUMMY_PREFIX: 3, REMOVE_EXTRA_WHITESPACES: 4, ESCAPE_WHITESPACES: 5 };
const TYPE = { NORMAL: 1, UNKNOWN: 2, CONTROL: 3, USER_DEFINED: 4, UNUSED: 5, BYTE: 6 };
const UNIGRAM = 1;

/**
 * Parses a sentencepiece unigram model (`spiece.model`).
 * @throws UserError ERR_TOKENIZER if the bytes are truncated, are not such a model, or need a feature T5 does not use.
 */
export function readSpieceModel(bytes: Uint8Array, file: string): UnigramVocabulary {
  try {
    return parseModel(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof TypeError)) throw cause;
    throw tokenizerError(file, `Expected a sentencepiece unigram model but ${cause.message}`, undefined, cause);
  }
}

function parseModel(bytes: Uint8Array): UnigramVocabulary {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const vocabulary: UnigramVocabulary = {
    pieces: [],
    scores: [],
    normal: [],
    unkId: -1,
    padId: -1,
    eosId: -1,
    charsmap: new Uint8Array(0),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
  };
  let unkInTrainer = 0;
  const readPiece = (message: Uint8Array) => {
    let [piece, score, type] = ['', 0, TYPE.NORMAL];
    for (const { number, value } of protobufFields(message)) {
      if (number === PIECE.PIECE) piece = utf8.decode(asBytes(value));
      else if (number === PIECE.SCORE) score = asFloat(value);
      else if (number === PIECE.TYPE) type = asNumber(value);
    }
    if (piece === '') throw new RangeError(`piece ${vocabulary.pieces.length} is empty`);
    if (type === TYPE.USER_DEFINED || type === TYPE.BYTE)
      throw new RangeError(`piece ${piece} has the unsupported type ${type}`);
    if (type === TYPE.UNKNOWN) vocabulary.unkId = vocabulary.pieces.length;
    vocabulary.pieces.push(piece);
    vocabulary.scores.push(score);
    vocabulary.normal.push(type === TYPE.NORMAL);
  };
  const readTrainer = (message: Uint8Array) => {
    for (const { number, value } of protobufFields(message)) {
      if (number === TRAINER.UNK_ID) unkInTrainer = asNumber(value);
      else if (number === TRAINER.EOS_ID) vocabulary.eosId = asNumber(value);
      else if (number === TRAINER.PAD_ID) vocabulary.padId = asNumber(value);
      else if (number === TRAINER.MODEL_TYPE && value !== UNIGRAM) throw new RangeError(`its model type is ${value}`);
      else if ((number === TRAINER.BYTE_FALLBACK || number === TRAINER.SUFFIX_WHITESPACE) && value !== 0) {
        throw new RangeError(`its trainer field ${number} is set, which is not supported`);
      }
    }
  };
  const readNormalizer = (message: Uint8Array) => {
    for (const { number, value } of protobufFields(message)) {
      if (number === NORMALIZER.CHARSMAP) vocabulary.charsmap = asBytes(value);
      else if (number === NORMALIZER.DUMMY_PREFIX) vocabulary.addDummyPrefix = value !== 0;
      else if (number === NORMALIZER.REMOVE_EXTRA_WHITESPACES) vocabulary.removeExtraWhitespaces = value !== 0;
      else if (number === NORMALIZER.ESCAPE_WHITESPACES && value === 0)
        throw new RangeError('it does not escape blanks');
    }
  };
  let sawTrainer = false;
  for (const { number, value } of protobufFields(bytes)) {
    if (number === MODEL.PIECES) readPiece(asBytes(value));
    else if (number === MODEL.TRAINER_SPEC) {
      sawTrainer = true;
      readTrainer(asBytes(value));
    } else if (number === MODEL.NORMALIZER_SPEC) readNormalizer(asBytes(value));
  }
  if (vocabulary.pieces.length === 0) throw new RangeError('it has no pieces');
  // The trainer's settings come after the pieces: without them the file was cut off between two fields.
  if (!sawTrainer)
    throw new RangeError(`it ends after ${vocabulary.pieces.length} pieces, before the trainer's settings`);
  if (vocabulary.unkId < 0 || vocabulary.unkId !== unkInTrainer) throw new RangeError('it has no unknown piece');
  return vocabulary;
}

function asBytes(value: number | Uint8Array): Uint8Array {
  if (typeof value === 'number') throw new RangeError('it holds a number where bytes belong');
  return value;
}

function asNumber(value: number | Uint8Array): number {
  if (typeof value !== 'number') throw new RangeError('it holds bytes where a number belongs');
  // Negative int32 values (no such token) are written as 64-bit two's complement.
  return value >= 2 ** 63 ? -1 : value;
}

function asFloat(value: number | Uint8Array): number {
  const bytes = asBytes(value);
  if (bytes.length !== 4) throw new RangeError('it holds a score that is not a float32');
  const score = new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
  if (!Number.isFinite(score)) throw new RangeError('it holds a score that is not finite');
  return score;
}
