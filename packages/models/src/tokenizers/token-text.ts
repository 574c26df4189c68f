import { UserError } from '@motion-enhancer/support';
import type { DecodeOptions, Tokenizer } from './types.js';

/** The token with this id. @throws UserError ERR_TOKENIZER if there is none. */
export function contentOf(tokenizer: Tokenizer, id: number): string {
  const token = tokenizer.idToToken(id);
  if (token !== undefined) return token;
  throw new UserError(
    `Expected a token id of this tokenizer (below ${tokenizer.vocabSize}) but received ${id}. Use the tokenizer of the checkpoint that made the ids.`,
    { code: 'ERR_TOKENIZER' },
  );
}

export function decodeAll(tokenizer: Tokenizer, ids: readonly number[], options?: DecodeOptions): string {
  const decoder = tokenizer.createDecoder(options);
  let text = '';
  for (const id of ids) text += decoder.push(id);
  return text + decoder.end();
}
