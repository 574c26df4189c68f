import { stringify } from 'yaml';
import type { Recipe } from '../recipe.js';
import type { StepLog } from '../record/step-log.js';

/** What a trained checkpoint comes from. */
export interface Provenance {
  base: string;
  family: string;
  randomWeights: boolean;
  rows: number;
  /** The data sets by name, with how many of their rows were taken. */
  sets: readonly { name: string; taken: number; rows: number }[];
  broken: number;
  /** Store of priors, how many it has, the grid that they were resized to; null without. */
  priors: { dir: string; count: number; grid: string } | null;
  steps: number;
  recipe: Recipe;
  last: StepLog | undefined;
  code: string;
}

/** README.md of an exported checkpoint. */
export function modelCard(about: Provenance): string {
  const { last, priors } = about;
  const losses = last
    ? `The last step's L_AR was ${last.lossAr.toPrecision(4)}${last.lossAlign === null ? '' : `, its L_MSE ${last.lossAlign.toPrecision(4)} (λ ${last.lambda.toPrecision(3)})`}.`
    : '';
  return `---
base_model: ${JSON.stringify(about.base)}
library_name: transformers
pipeline_tag: video-text-to-text
tags: [motion-enhancer, ${about.family}]
---

# ${priors ? 'Fine-tuned with attention aligned to motion priors' : 'Fine-tuned'}

${about.randomWeights ? '**These weights come from random ones: what this model says means nothing.**\n\n' : ''}Fine-tuned from \`${about.base}\` by MotionEnhancer (${about.code}), after *MotionEnhancer: Leveraging Video Diffusion for
Motion-Enhanced Vision-Language Models* (arXiv 2606.06853).

- Data: ${about.rows} rows, ${about.broken} of which could not be used; ${about.steps} steps of ${about.recipe.batchSize} samples.
${about.sets.map(({ name, taken, rows }) => `  - ${name}: ${taken} of ${rows} rows\n`).join('')}- Priors: ${priors ? `${priors.count} from \`${priors.dir}\`, resized to ${priors.grid} (frames × rows × columns)` : 'none; plain fine-tuning'}.${last?.rowSum === undefined ? '' : ` Each row was scaled to the sum ${last.rowSum.toPrecision(4)}, the mean of the start model's rows.`}
- The aligner is a tool of training and no part of this model${priors && about.recipe.aligner !== 'identity' ? '; it lies beside this folder' : ''}.

${losses}

## Recipe

\`\`\`yaml
${stringify(about.recipe).trimEnd()}
\`\`\`
`;
}
