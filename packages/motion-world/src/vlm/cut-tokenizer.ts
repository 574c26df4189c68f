import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadQwen2Tokenizer, QWEN2_5_ADDED_TOKENS } from '@motion-enhancer/models';

export interface CutTokenizer {
  /** Files of a checkpoint folder: vocab.json, merges.txt. */
  files: Record<string, string>;
  /** Added tokens with their new ids. */
  added: { id: number; content: string; special: boolean }[];
  /** Rows of the embedding: ids are below it. A multiple of 64. */
  vocabSize: number;
}

/**
 * Qwen2's tokenizer cut to what some texts need: single bytes, their tokens, and every merge on the way to them. On these
 * texts it cuts exactly as the whole one does (the merges that apply to them are all there, in the same order); any other
 * text falls to smaller pieces.
 * @param dir folder of the whole vocab.json and merges.txt
 */
export function cutTokenizer(dir: string, texts: Iterable<string>): CutTokenizer {
  const whole = loadQwen2Tokenizer(dir);
  const merges = readFileSync(join(dir, 'merges.txt'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(' ') && !line.startsWith('#version'));
  const parents = new Map<string, [string, string][]>();
  for (const line of merges) {
    const [left, right] = line.split(' ') as [string, string];
    const token = left + right;
    const ways = parents.get(token);
    if (ways) ways.push([left, right]);
    else parents.set(token, [[left, right]]);
  }
  const kept = new Set<string>();
  const need = (token: string): void => {
    if (kept.has(token)) return;
    kept.add(token);
    for (const pair of parents.get(token) ?? []) for (const part of pair) need(part);
  };
  const addedIds = new Set(QWEN2_5_ADDED_TOKENS.map(({ id }) => id));
  for (let id = 0; id < 256; id++) kept.add(whole.idToToken(id)!);
  for (const text of texts) for (const id of whole.encode(text).ids) if (!addedIds.has(id)) need(whole.idToToken(id)!);

  const vocabulary = [...kept].sort((a, b) => whole.tokenToId(a)! - whole.tokenToId(b)!);
  const added = QWEN2_5_ADDED_TOKENS.map(({ content, special }, i) => ({
    id: vocabulary.length + i,
    content,
    special,
  }));
  const ownMerges = merges.filter((line) => {
    const [left, right] = line.split(' ') as [string, string];
    return kept.has(left) && kept.has(right) && kept.has(left + right);
  });
  return {
    files: {
      'vocab.json': `${JSON.stringify(Object.fromEntries(vocabulary.map((token, id) => [token, id])))}\n`,
      'merges.txt': `#version: 0.2\n${ownMerges.join('\n')}\n`,
    },
    added,
    vocabSize: Math.ceil((vocabulary.length + added.length) / 64) * 64,
  };
}
