import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAddedTokens, tokenContent } from './added-tokens.js';
import type { BytePairVocabulary } from './byte-pair-vocabulary.js';
import { QWEN2_5_ADDED_TOKENS, QWEN2_PLAIN_TOKENS } from './qwen2-defaults.js';
import { Qwen2Tokenizer } from './qwen2-tokenizer.js';
import { readBytePairFiles, readBytePairJson } from './read-byte-pair-files.js';
import { tokenizerError } from './tokenizer-error.js';
import { readOptionalJson, readTokenizerFile, readTokenizerJson } from './tokenizer-files.js';
import type { AddedToken } from './types.js';

export interface LoadQwen2Options {
  /** Instead of the added tokens that the files list. */
  addedTokens?: readonly AddedToken[];
  /** The parsed tokenizer.json, if the caller has it already. */
  tokenizerJson?: Record<string, unknown>;
}

/**
 * Loads Qwen2's tokenizer from `tokenizer.json` if there is one, else from `vocab.json` + `merges.txt`.
 * @throws UserError ERR_TOKENIZER
 */
export function loadQwen2Tokenizer(dir: string, options: LoadQwen2Options = {}): Qwen2Tokenizer {
  const json =
    options.tokenizerJson ??
    (existsSync(join(dir, 'tokenizer.json')) ? readTokenizerJson(dir, 'tokenizer.json') : undefined);
  const file = json === undefined ? join(dir, 'vocab.json and merges.txt') : join(dir, 'tokenizer.json');
  const vocabulary = json === undefined ? vocabularyOfFiles(dir) : readBytePairJson(json, file);
  let added = options.addedTokens ?? readAddedTokens(dir, json);
  if (added.length === 0 && vocabulary.ids.size === QWEN2_PLAIN_TOKENS) added = QWEN2_5_ADDED_TOKENS;

  const config = readOptionalJson(dir, 'tokenizer_config.json');
  const idOf = (key: string, fallback: string): number => {
    const content = tokenContent(config?.[key]) ?? fallback;
    const id = added.find((token) => token.content === content)?.id ?? vocabulary.ids.get(content);
    if (id === undefined) throw tokenizerError(file, `Expected the ${key} ${content} among the tokens`);
    return id;
  };
  const padId = idOf('pad_token', '<|endoftext|>');
  const eosId = idOf('eos_token', '<|im_end|>');
  try {
    return tokenizerOf(vocabulary, added, { padId, eosId });
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof SyntaxError)) throw cause;
    throw tokenizerError(
      file,
      `Expected byte-level BPE files that fit together but ${cause.message}`,
      undefined,
      cause,
    );
  }
}

/** The files that were read last, and the tokenizer made of them: it does not change, and takes half a second to make. */
let last: { hash: string; vocabulary: BytePairVocabulary; said: string; tokenizer: Qwen2Tokenizer | null } | null =
  null;

function vocabularyOfFiles(dir: string): BytePairVocabulary {
  const hash = createHash('sha256');
  for (const name of ['vocab.json', 'merges.txt'])
    hash.update(createHash('sha256').update(readTokenizerFile(dir, name)).digest());
  const content = hash.digest('hex');
  if (last?.hash !== content) last = { hash: content, vocabulary: readBytePairFiles(dir), said: '', tokenizer: null };
  return last.vocabulary;
}

/** @throws RangeError, SyntaxError of `Qwen2Tokenizer` */
function tokenizerOf(
  vocabulary: BytePairVocabulary,
  added: readonly AddedToken[],
  ids: { padId: number; eosId: number },
): Qwen2Tokenizer {
  if (last?.vocabulary !== vocabulary) return new Qwen2Tokenizer(vocabulary, added, ids);
  const said = JSON.stringify([added, ids]);
  if (last.said !== said || !last.tokenizer) {
    last.tokenizer = new Qwen2Tokenizer(vocabulary, added, ids);
    last.said = said;
  }
  return last.tokenizer;
}
