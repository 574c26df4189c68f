import { join } from 'node:path';
import { loadTokenizer, type Tokenizer } from '@motion-enhancer/models';
import { makeFolder, writeText } from '@motion-enhancer/support';
import { VOCABULARY } from '../generate/index.js';

/**
 * The tokenizer of the world's T5, of the form of T5's own: a unigram model in which every word of the world is a piece,
 * and every other text falls into letters.
 */
export function worldTokenizerJson(): Record<string, unknown> {
  const letters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((c) => c !== ' ');
  const special = ['<pad>', '</s>', '<unk>'];
  const vocab: [string, number][] = [
    ...special.map((piece): [string, number] => [piece, 0]),
    ...VOCABULARY.map((word): [string, number] => [`▁${word}`, -4]),
    ['▁', -9],
    ...letters.map((letter): [string, number] => [letter, -10]),
  ];
  return {
    version: '1.0',
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: { type: 'Unigram', unk_id: 2, vocab, byte_fallback: false },
  };
}

/** Writes the tokenizer folder of a checkpoint and reads it. */
export function writeWorldTokenizer(dir: string): Tokenizer {
  makeFolder(dir);
  writeText(join(dir, 'tokenizer.json'), `${JSON.stringify(worldTokenizerJson())}\n`);
  const config = { tokenizer_class: 'T5Tokenizer', eos_token: '</s>', pad_token: '<pad>', unk_token: '<unk>' };
  writeText(join(dir, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);
  return loadTokenizer(dir);
}
