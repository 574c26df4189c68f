import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadQwen2Tokenizer } from './load-qwen2.js';
import { loadT5Tokenizer } from './load-t5.js';
import { tokenizerError } from './tokenizer-error.js';
import { isObject, readTokenizerJson, shown } from './tokenizer-files.js';
import type { Tokenizer } from './types.js';

/**
 * Loads the tokenizer in a folder of a checkpoint, by the files present: `spiece.model` → T5; `tokenizer.json` → T5 or
 * Qwen2 by its model type; `vocab.json` + `merges.txt` → Qwen2.
 * @throws UserError ERR_TOKENIZER naming the file that is missing or malformed.
 */
export function loadTokenizer(dir: string): Tokenizer {
  const has = (name: string) => existsSync(join(dir, name));
  if (has('spiece.model')) return loadT5Tokenizer(dir);
  if (has('tokenizer.json')) {
    const tokenizerJson = readTokenizerJson(dir, 'tokenizer.json');
    const { model } = tokenizerJson;
    // Older files name no type; BPE is the one with merges.
    const type = isObject(model) ? (model.type ?? ('merges' in model ? 'BPE' : undefined)) : undefined;
    if (type === 'Unigram') return loadT5Tokenizer(dir, { tokenizerJson });
    if (type === 'BPE') return loadQwen2Tokenizer(dir, { tokenizerJson });
    throw tokenizerError(
      join(dir, 'tokenizer.json'),
      `Expected a model of type Unigram or BPE but received ${shown(type)}`,
    );
  }
  if (has('vocab.json') && has('merges.txt')) return loadQwen2Tokenizer(dir);
  const exists = existsSync(dir) && statSync(dir).isDirectory();
  const lone = ['vocab.json', 'merges.txt'].find(has);
  const found = !exists ? 'no such folder' : lone === undefined ? 'none of them' : `${lone} alone`;
  throw tokenizerError(
    dir,
    `Expected spiece.model, tokenizer.json, or vocab.json and merges.txt but found ${found}`,
    'Name the folder with the tokenizer files of the checkpoint.',
  );
}
