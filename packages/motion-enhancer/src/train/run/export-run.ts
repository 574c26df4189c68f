import { join } from 'node:path';
import { checkDiskSpace, writeText } from '@motion-enhancer/support';
import type { Aligner } from '../../align/index.js';
import type { Vlm } from '../../vlm/index.js';
import { stateBytes } from '../state/states.js';
import { modelCard, type Provenance } from './model-card.js';

/**
 * Writes RUN/checkpoint, a Hugging Face folder with tokenizer, processor and model card, and the aligner apart from it.
 * @returns the checkpoint's folder
 */
export function exportRun(run: string, vlm: Vlm, aligner: Aligner | null, about: Provenance): string {
  const checkpoint = join(run, 'checkpoint');
  checkDiskSpace(run, stateBytes(vlm.model.parameters()), 'the exported checkpoint');
  vlm.save(checkpoint, { overwrite: true });
  if (about.randomWeights)
    writeText(
      join(checkpoint, 'RANDOM_WEIGHTS'),
      'These weights come from random ones: what they compute means nothing.\n',
    );
  writeText(join(checkpoint, 'README.md'), modelCard(about));
  // Without priors nothing trained it.
  if (aligner && aligner.kind !== 'identity') aligner.save(join(run, 'aligner.safetensors'));
  return checkpoint;
}
