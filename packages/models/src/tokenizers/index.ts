// Own code, because @huggingface/tokenizers (0.2.0, the npm port) gives no character spans, reads no spiece.model and
// replaces sentencepiece's charsmap by NFKC; MTTI needs every token's place in the text, and CogVideoX ships only
// spiece.model. Ids are sentencepiece's (T5) and Hugging Face tokenizers' (Qwen2); test/fixtures/tokenizers says how
// that was checked.

export { loadQwen2Tokenizer } from './load-qwen2.js';
export { loadT5Tokenizer } from './load-t5.js';
export { loadTokenizer } from './load-tokenizer.js';
export { INTERNVL3_ADDED_TOKENS, QWEN2_5_ADDED_TOKENS } from './qwen2-defaults.js';
export { Qwen2Tokenizer } from './qwen2-tokenizer.js';
export { T5Tokenizer } from './t5-tokenizer.js';
export type { AddedToken, DecodeOptions, EncodeOptions, Encoding, TokenDecoder, Tokenizer } from './types.js';
export { findWord, groupWords, tokensOfSpan, type Word, wordSpans } from './words.js';
