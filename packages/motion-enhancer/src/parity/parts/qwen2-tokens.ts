import { INTERNVL3_ADDED_TOKENS, loadQwen2Tokenizer } from '@motion-enhancer/models';
import { compareExact } from '../compare.js';
import { readJson } from '../golden-file.js';
import type { ParityContext } from '../part.js';

type Cases = { text: string; ids: number[] }[];

/** Token ids of goldens/tokens_qwen2.json, with the added tokens of Qwen2.5-VL and of InternVL3. */
export function qwen2TokenChecks(goldenFile: string, tokenizerDir: string, { report }: ParityContext): void {
  const golden = readJson(goldenFile) as unknown as { qwen2_5: Cases; internvl3: Cases };
  for (const [group, tokenizer] of [
    ['qwen2_5', loadQwen2Tokenizer(tokenizerDir)],
    ['internvl3', loadQwen2Tokenizer(tokenizerDir, { addedTokens: INTERNVL3_ADDED_TOKENS })],
  ] as const)
    report(
      compareExact(
        `tokens_qwen2/${group}`,
        golden[group].flatMap(({ text }) => tokenizer.encode(text).ids),
        golden[group].flatMap(({ ids }) => ids),
      ),
    );
}
