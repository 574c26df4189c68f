import { INTERNVL3_ADDED_TOKENS, loadQwen2Tokenizer } from '@motion-enhancer/models';
import { compareCases } from '../compare-cases.js';
import { readJson } from '../golden-file.js';
import type { ParityContext } from '../part.js';

interface Case {
  text: string;
  ids: number[];
}

/** Token ids of goldens/tokens_qwen2.json, with the added tokens of Qwen2.5-VL and of InternVL3. */
export function qwen2TokenChecks(goldenFile: string, tokenizerDir: string, { report }: ParityContext): void {
  const golden = readJson(goldenFile) as { qwen2_5?: Case[]; internvl3?: Case[] };
  for (const [group, tokenizer] of [
    ['qwen2_5', loadQwen2Tokenizer(tokenizerDir)],
    ['internvl3', loadQwen2Tokenizer(tokenizerDir, { addedTokens: INTERNVL3_ADDED_TOKENS })],
  ] as const)
    compareCases(
      {
        name: `tokens_qwen2/${group}`,
        cases: golden[group],
        ours: ({ text }) => tokenizer.encode(text).ids,
        reference: ({ ids }) => ids,
      },
      report,
    );
}
