import { groupWords, type Tokenizer, wordSpans } from '@motion-enhancer/models';

/** What of a text reaches the diffusion model. */
export interface TextFit {
  /** Words of the text. */
  words: number;
  /** Of these, words of which the text encoder's limit cuts a part or all. */
  cut: number;
  /** Of the others, words of which the tokenizer does not know a part or all: they become `<unk>`. */
  unknown: number;
  /** Whether any word is known at least in part: maps of unknown ones are all equal. */
  known: boolean;
}

/** Holds a text against the text encoder's limit of tokens and its tokenizer's vocabulary. */
export function textFit(tokenizer: Tokenizer, maxLength: number, text: string): TextFit {
  const whole = tokenizer.encode(text);
  const short = tokenizer.encode(text, { maxLength });
  const length = short.ids.length === whole.ids.length ? whole.ids.length : short.ids.length - 1; // the end mark
  const unknown = (token: number) => whole.ids[token] === unknownId(tokenizer);
  const blank = (token: number) => tokenizer.decode([whole.ids[token]!]).trim() === '';
  const words = groupWords(text, whole);
  const inside = words.filter(({ tokens }) => tokens.every((token) => token < length));
  return {
    words: wordSpans(text).length,
    cut: words.length - inside.length,
    unknown: inside.filter(({ tokens }) => tokens.some(unknown)).length,
    known: words.some(({ tokens }) => tokens.some((token) => token < length && !unknown(token) && !blank(token))),
  };
}

/** Byte-level vocabularies know everything. */
const unknownId = (tokenizer: Tokenizer): number | undefined =>
  tokenizer.kind === 't5' ? tokenizer.tokenToId('<unk>') : undefined;

/** `the text encoder's limit cuts 342 of its 360 words, …`; '' where all is seen. */
export function missingWords({ words, cut, unknown }: TextFit): string {
  const parts = [
    cut > 0 && `the text encoder's limit cuts ${cut} of its ${words} words`,
    unknown > 0 && `the tokenizer does not know ${unknown} of its ${words} words`,
  ];
  return parts.filter(Boolean).join(', ');
}
