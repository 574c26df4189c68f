import { tokenizerError } from './tokenizer-error.js';
import { isObject, shown } from './tokenizer-files.js';
import type { AddedToken } from './types.js';
import type { UnigramVocabulary } from './unigram-vocabulary.js';

/**
 * The same vocabulary from a `tokenizer.json` with a Unigram model. Only its pieces and its charsmap are taken: the
 * rest of sentencepiece's rules is fixed, so both files of one model give the same ids.
 * @throws UserError ERR_TOKENIZER if it is not such a file.
 */
export function readUnigramJson(
  json: Record<string, unknown>,
  added: readonly AddedToken[],
  file: string,
): UnigramVocabulary {
  const model = json.model;
  if (!isObject(model) || model.type !== 'Unigram' || !Array.isArray(model.vocab)) {
    throw tokenizerError(file, `Expected a model of type Unigram but received ${shown(model)}`);
  }
  if (model.byte_fallback === true) throw tokenizerError(file, 'Expected a model without byte_fallback');
  const unkId = model.unk_id;
  if (typeof unkId !== 'number' || !Array.isArray(model.vocab[unkId])) {
    throw tokenizerError(file, `Expected the id of the unknown piece for unk_id but received ${shown(unkId)}`);
  }
  const pieces: string[] = [];
  const scores: number[] = [];
  for (const entry of model.vocab) {
    const [piece, score] = Array.isArray(entry) ? entry : [];
    if (typeof piece !== 'string' || piece === '' || typeof score !== 'number') {
      throw tokenizerError(
        file,
        `Expected [piece, score] for vocab entry ${pieces.length} but received ${shown(entry)}`,
      );
    }
    pieces.push(piece);
    scores.push(Math.fround(score));
  }
  const normal = pieces.map((_, id) => id !== unkId);
  for (const { id } of added) if (id < normal.length) normal[id] = false;
  const charsmap = findCharsmap(json.normalizer);
  return {
    pieces,
    scores,
    normal,
    unkId,
    padId: pieces.indexOf('<pad>'),
    eosId: pieces.indexOf('</s>'),
    charsmap: new Uint8Array(Buffer.from(charsmap ?? '', 'base64')),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
  };
}

function findCharsmap(normalizer: unknown): string | undefined {
  if (!isObject(normalizer)) return undefined;
  if (typeof normalizer.precompiled_charsmap === 'string') return normalizer.precompiled_charsmap;
  if (!Array.isArray(normalizer.normalizers)) return undefined;
  return normalizer.normalizers.map(findCharsmap).find((found) => found !== undefined);
}
