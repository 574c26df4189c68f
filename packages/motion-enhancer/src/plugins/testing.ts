// What tests of plugins share: the toy VLM family of test/plugins, and a checkpoint of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ones, randn, scope, type Tensor, zeros } from '@motion-enhancer/libtorch';
import * as models from '@motion-enhancer/models';
import { fixture } from '@motion-enhancer/support/testing';

export const TOY_VLM = fixture('../plugins/toy-vlm.mjs');

const WORDS = models.QWEN2_5_ADDED_TOKENS.map(({ content, special }, i) => ({ id: 256 + i, content, special }));
const idOf = (content: string): number => WORDS.find((word) => word.content === content)!.id;

const RAW = {
  model_type: 'toy_vlm',
  hidden_size: 16,
  intermediate_size: 32,
  num_attention_heads: 2,
  vocab_size: 256 + WORDS.length,
  image_token_id: idOf('<|image_pad|>'),
  video_token_id: idOf('<|video_pad|>'),
  max_position_embeddings: 512,
};

/** A random checkpoint of the toy family, with a tokenizer of single bytes. */
export async function writeToyVlm(dir: string): Promise<string> {
  const toy = (await import(pathToFileURL(TOY_VLM).href)) as {
    toyShapes(host: object, config: object): Map<string, number[]>;
  };
  const text = { hiddenSize: 16, intermediateSize: 32, numHiddenLayers: 1, numAttentionHeads: 2, numKeyValueHeads: 2 };
  const sizes = { ...text, headDim: 8, vocabSize: RAW.vocab_size, tieWordEmbeddings: true };
  scope(() => {
    const weight = (name: string, shape: readonly number[]): Tensor => {
      if (/norm/.test(name)) return ones(shape);
      return /bias/.test(name) ? zeros(shape) : randn(shape).mul(0.1);
    };
    const tensors = [...toy.toyShapes({ models }, { text: sizes })].map(([name, shape]): [string, Tensor] => [
      name,
      weight(name, shape),
    ]);
    models.saveCheckpoint(dir, { config: RAW, tensors: new Map(tensors) });
  });
  for (const [name, text] of Object.entries({ ...byteTokenizer(), RANDOM_WEIGHTS: 'random\n' }))
    writeFileSync(join(dir, name), text);
  return dir;
}

/** Files of a tokenizer of 256 bytes and the added tokens of chats: a vocabulary that a test has time for. */
function byteTokenizer(): Record<string, string> {
  const whole = models.loadQwen2Tokenizer(fixture('tokenizers/qwen2'));
  const bytes = Array.from({ length: 256 }, (_, id) => [whole.idToToken(id)!, id]);
  const added = WORDS.map(({ id, content, special }) => [id, { content, special }]);
  return {
    'vocab.json': JSON.stringify(Object.fromEntries(bytes)),
    'merges.txt': '#version: 0.2\n',
    'tokenizer_config.json': JSON.stringify({
      tokenizer_class: 'Qwen2Tokenizer',
      eos_token: '<|im_end|>',
      added_tokens_decoder: Object.fromEntries(added),
    }),
  };
}
