import { join } from 'node:path';
import type { BytePairVocabulary } from './byte-pair-vocabulary.js';
import { parseFlatVocabulary } from './parse-flat-vocabulary.js';
import { QWEN2_PATTERN } from './pre-tokenizer-pattern.js';
import { tokenizerError } from './tokenizer-error.js';
import { isObject, readTokenizerFile, readTokenizerJson, shown } from './tokenizer-files.js';

/** Reads `vocab.json` + `merges.txt`; pattern and NFC are Qwen2's. */
export function readBytePairFiles(dir: string): BytePairVocabulary {
  const flat = parseFlatVocabulary(readTokenizerFile(dir, 'vocab.json').toString('utf8'));
  const ids = flat ?? readIds(readTokenizerJson(dir, 'vocab.json'), join(dir, 'vocab.json'));
  const file = join(dir, 'merges.txt');
  const text = readTokenizerFile(dir, 'merges.txt').toString('utf8');
  const lefts: string[] = [];
  const rights: string[] = [];
  for (let start = 0, number = 1; start < text.length; number++) {
    const newline = text.indexOf('\n', start);
    const next = newline < 0 ? text.length : newline;
    const end = text[next - 1] === '\r' ? next - 1 : next;
    const blank = text.indexOf(' ', start);
    if (number === 1 && text.startsWith('#version')) {
      // a comment
    } else if (start < blank && blank < end - 1 && !text.slice(blank + 1, end).includes(' ')) {
      lefts.push(text.slice(start, blank));
      rights.push(text.slice(blank + 1, end));
    } else if (start < end) {
      const line = shown(text.slice(start, end));
      throw tokenizerError(file, `Expected two tokens in line ${number} but received ${line}`);
    }
    start = next + 1;
  }
  return { ids, lefts, rights, pattern: QWEN2_PATTERN, nfc: true };
}

/** Reads the same from a `tokenizer.json` with a byte-level BPE model. */
export function readBytePairJson(json: Record<string, unknown>, file: string): BytePairVocabulary {
  const model = json.model;
  if (!isObject(model) || !isObject(model.vocab) || !Array.isArray(model.merges)) {
    throw tokenizerError(file, `Expected a BPE model with vocab and merges but received ${shown(model)}`);
  }
  for (const option of [
    'dropout',
    'continuing_subword_prefix',
    'end_of_word_suffix',
    'byte_fallback',
    'ignore_merges',
  ]) {
    if (model[option])
      throw tokenizerError(file, `Expected no ${option} in the model but received ${shown(model[option])}`);
  }
  const pairs = model.merges.map((merge, i) => readMerge(merge, `merge ${i + 1}`, file));
  return {
    ids: readIds(model.vocab, file),
    lefts: pairs.map(([left]) => left),
    rights: pairs.map(([, right]) => right),
    pattern: findPattern(json, file),
    nfc: needsNfc(json.normalizer, file),
  };
}

function readIds(vocab: Record<string, unknown>, file: string): Map<string, number> {
  const ids = new Map<string, number>();
  for (const token in vocab) {
    const id = vocab[token];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 2 ** 21) {
      throw tokenizerError(file, `Expected an id for the token ${shown(token)} but received ${shown(id)}`);
    }
    ids.set(token, id);
  }
  return ids;
}

function readMerge(merge: unknown, place: string, file: string): [string, string] {
  const pair = typeof merge === 'string' ? merge.split(' ') : merge;
  if (Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string' && part !== '')) {
    return pair as [string, string];
  }
  throw tokenizerError(file, `Expected two tokens for ${place} but received ${shown(merge)}`);
}

function findPattern({ pre_tokenizer: root }: Record<string, unknown>, file: string): string {
  const parts = isObject(root) && Array.isArray(root.pretokenizers) ? root.pretokenizers : [root];
  const [split, bytes] = parts;
  const pattern = isObject(split) && isObject(split.pattern) ? split.pattern.Regex : undefined;
  const isolated = isObject(split) && split.behavior === 'Isolated' && split.invert !== true;
  const byteLevel = isObject(bytes) && bytes.type === 'ByteLevel' && !bytes.use_regex && !bytes.add_prefix_space;
  if (parts.length === 2 && typeof pattern === 'string' && isolated && byteLevel) return pattern;
  throw tokenizerError(
    file,
    `Expected Qwen2's pre_tokenizer (Split by a Regex, ByteLevel) but received ${shown(root)}`,
  );
}

function needsNfc(normalizer: unknown, file: string): boolean {
  if (normalizer === null || normalizer === undefined) return false;
  if (isObject(normalizer)) {
    if (normalizer.type === 'NFC') return true;
    if (normalizer.type === 'Sequence' && Array.isArray(normalizer.normalizers)) {
      return normalizer.normalizers.map((part) => needsNfc(part, file)).some(Boolean);
    }
  }
  throw tokenizerError(file, `Expected an NFC normalizer or none but received ${shown(normalizer)}`);
}
