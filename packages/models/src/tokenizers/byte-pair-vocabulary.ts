/** What a byte-level BPE model holds, whichever files it came from. */
export interface BytePairVocabulary {
  /** Token text, in the byte alphabet, to id. */
  ids: Map<string, number>;
  /** Merge i joins lefts[i] and rights[i]; best first. */
  lefts: string[];
  rights: string[];
  /** Oniguruma pattern of the pre-tokeniser. */
  pattern: string;
  /** Bring the text to NFC first. */
  nfc: boolean;
}
