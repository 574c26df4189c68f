import { accuracyOf, type TypeScores } from '../runs/evaluate-runs.js';
import type { MiniScores } from './pretrain.js';

export interface MiniCard {
  step: number;
  batchSize: number;
  clips: number;
  /** What the training command was given. */
  argv: readonly string[];
  /** null: not scored. */
  scores: MiniScores | null;
}

const percent = (share: number) => (100 * share).toFixed(1);

function table(scores: TypeScores): string {
  const rows = Object.entries(scores).map(
    ([type, [right, count]]) => `| ${type} | ${percent(right / count)} | ${count} |`,
  );
  const { overall, average } = accuracyOf(scores);
  const count = Object.values(scores).reduce((sum, [, n]) => sum + n, 0);
  return `| type | accuracy (%) | questions |\n| --- | --- | --- |\n${rows.join('\n')}\n| all | ${percent(overall)} (mean of types ${percent(average)}) | ${count} |\n`;
}

/** README.md of the mini VLM. */
export function miniCard({ step, batchSize, clips, argv, scores }: MiniCard): string {
  return `---
library_name: transformers
pipeline_tag: video-text-to-text
tags: [motion-enhancer, qwen2_5_vl]
---

# A mini Qwen2.5-VL of the motion world

A vision-language model of Qwen2.5-VL's form with 5.8 million parameters, trained from nothing in the motion world of
MotionEnhancer (synthetic clips of 64 × 64 pixels, 16 frames, 8 frames a second). It knows what stands still where, and
what a single object does; of several objects, one of which moves, it has seen none. It is where the world's fine-tuning
experiments start, and of no use outside of it.

- Data: ${clips} clips of a single moving object and ${clips} still scenes (split \`pretrain\`), in chats of several turns: descriptions,
  questions with and without options, and where an object is (its cell of the 4 × 4 grid, in every frame pair).
- ${step} steps of ${batchSize} chats; the weights are a running average (0.998), stored in bfloat16.
- Tokenizer: Qwen2's, cut to the words of the world.
- Made by \`motion-enhancer world train-vlm ${argv.join(' ')}\`

${scores ? scoreTables(scores) : ''}`;
}

/** Accuracies as Markdown. */
export function scoreTables(scores: MiniScores): string {
  return `Open questions, the likeliest of four replies; clips of the same two kinds that it was not trained on:

${table(scores.pretrain)}
The world itself (split \`validation\`: several objects, one moves; chance is 25 %):

${table(scores.world)}`;
}
