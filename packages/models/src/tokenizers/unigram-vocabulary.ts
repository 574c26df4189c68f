/** What a unigram (sentencepiece) model holds, whichever file it came from. */
export interface UnigramVocabulary {
  /** Piece text by id. */
  pieces: string[];
  /** Log probability by id, as float32 values. */
  scores: number[];
  /** Ids that text may become; control, unknown and unused pieces are not among them. */
  normal: boolean[];
  unkId: number;
  padId: number;
  eosId: number;
  /** sentencepiece's `precompiled_charsmap`; empty: the text is taken as it is. */
  charsmap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
}
