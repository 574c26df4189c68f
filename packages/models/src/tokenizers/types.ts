/** A token that is matched in the raw text before the model runs, such as `<|im_start|>` or `<extra_id_0>`. */
export interface AddedToken {
  id: number;
  content: string;
  /** Left out by `decode(ids, { skipSpecialTokens: true })` and flagged in `Encoding.special`. */
  special: boolean;
  /** Swallow the white space before (lstrip) or after (rstrip) the token. Default false. */
  lstrip?: boolean;
  rstrip?: boolean;
  /** Match only where no letter, digit or underscore touches it. Default false. */
  singleWord?: boolean;
}

/** The three arrays have one entry per token. */
export interface Encoding {
  ids: number[];
  /** [start, end) of each token in the ORIGINAL text, in UTF-16 code units; [0, 0] for the end mark and for padding. */
  spans: [number, number][];
  /** True for special added tokens, the end mark and padding. */
  special: boolean[];
}

export interface EncodeOptions {
  /** Append what the model's template appends (T5: `</s>`; Qwen2: nothing). Default true. */
  addSpecialTokens?: boolean;
  /** Longest result in tokens, the appended end mark included; the rest of the text is dropped. */
  maxLength?: number;
  /** Fill up to `maxLength` with the padding token, on the right. Default false. */
  padToMaxLength?: boolean;
}

export interface DecodeOptions {
  /** Default false. */
  skipSpecialTokens?: boolean;
}

/** Decodes token after token; holds back bytes that are not yet a whole character. */
export interface TokenDecoder {
  /** The text that this token completes, perhaps ''. */
  push(id: number): string;
  /** What is left: U+FFFD for an unfinished character, else ''. */
  end(): string;
}

export interface Tokenizer {
  readonly kind: 't5' | 'qwen2';
  /** Highest id + 1, added tokens included (the model's embedding may be padded to more rows). */
  readonly vocabSize: number;
  readonly padId: number;
  readonly eosId: number;
  readonly addedTokens: readonly AddedToken[];
  encode(text: string, options?: EncodeOptions): Encoding;
  /** @throws UserError ERR_TOKENIZER for an id outside of the vocabulary. */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  createDecoder(options?: DecodeOptions): TokenDecoder;
  tokenToId(token: string): number | undefined;
  idToToken(id: number): string | undefined;
}
