import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAddedTokens } from './added-tokens.js';
import { readSpieceModel } from './read-spiece-model.js';
import { readUnigramJson } from './read-unigram-json.js';
import { T5Tokenizer } from './t5-tokenizer.js';
import { tokenizerError } from './tokenizer-error.js';
import { readTokenizerFile, readTokenizerJson } from './tokenizer-files.js';
import type { AddedToken } from './types.js';
import type { UnigramVocabulary } from './unigram-vocabulary.js';

/** T5's sentinels, where no file lists them: <extra_id_0> is the last id. */
const EXTRA_IDS = 100;

/**
 * Loads T5's tokenizer from `spiece.model` if there is one (the model's own file), else from `tokenizer.json`.
 * @throws UserError ERR_TOKENIZER
 */
export function loadT5Tokenizer(dir: string, options: { tokenizerJson?: Record<string, unknown> } = {}): T5Tokenizer {
  const name = existsSync(join(dir, 'spiece.model')) ? 'spiece.model' : 'tokenizer.json';
  const file = join(dir, name);
  let vocabulary: UnigramVocabulary;
  let added: AddedToken[];
  if (name === 'spiece.model') {
    vocabulary = readSpieceModel(readTokenizerFile(dir, name), file);
    added = readAddedTokens(dir);
  } else {
    const json = options.tokenizerJson ?? readTokenizerJson(dir, name);
    added = readAddedTokens(dir, json);
    vocabulary = readUnigramJson(json, added, file);
  }
  added = withDefaults(vocabulary, added);
  for (const { id } of added) if (id < vocabulary.pieces.length) vocabulary.normal[id] = false;
  if (vocabulary.eosId < 0 || vocabulary.padId < 0) {
    throw tokenizerError(file, 'Expected an end mark </s> and a padding token <pad> in the tokenizer');
  }
  try {
    return new T5Tokenizer(vocabulary, added);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw tokenizerError(file, `Expected a sound normaliser but ${cause.message}`, undefined, cause);
  }
}

function withDefaults(vocabulary: UnigramVocabulary, added: readonly AddedToken[]): AddedToken[] {
  const all = new Map(added.map((token) => [token.content, token]));
  for (const id of [vocabulary.padId, vocabulary.eosId, vocabulary.unkId]) {
    const content = vocabulary.pieces[id];
    if (content !== undefined && !all.has(content)) all.set(content, { id, content, special: true });
  }
  const listed = [...all.keys()].some((content) => content.startsWith('<extra_id_'));
  for (let i = 0; !listed && i < EXTRA_IDS; i++) {
    const content = `<extra_id_${i}>`;
    all.set(content, { id: vocabulary.pieces.length + EXTRA_IDS - 1 - i, content, special: true });
  }
  return [...all.values()].sort((a, b) => a.id - b.id);
}
