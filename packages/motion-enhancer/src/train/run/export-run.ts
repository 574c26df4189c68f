import { join } from 'node:path';
import { checkDiskSpace } from '@motion-enhancer/support';
import type { Aligner } from '../../align/index.js';
import type { Vlm } from '../../vlm/index.js';
import { stateBytes } from '../state/states.js';
import { EXPORT_MARK, exportMark } from './export-target.js';
import { modelCard, type Provenance } from './model-card.js';

/**
 * Writes RUN/checkpoint, a Hugging Face folder with tokenizer, processor and model card, and the aligner apart from it.
 * @param name of the run, of `runName`
 * @returns the checkpoint's folder
 */
export function exportRun(
  { run, name }: { run: string; name: string },
  vlm: Vlm,
  aligner: Aligner | null,
  about: Provenance,
): string {
  const checkpoint = join(run, 'checkpoint');
  checkDiskSpace(run, stateBytes(vlm.model.parameters()), 'the exported checkpoint');
  const random = { RANDOM_WEIGHTS: 'These weights come from random ones: what they compute means nothing.\n' };
  const extraFiles = {
    'README.md': modelCard(about),
    [EXPORT_MARK]: exportMark(name),
    ...(about.randomWeights ? random : {}),
  };
  vlm.save(checkpoint, { overwrite: true, extraFiles });
  // Without priors nothing trained it.
  if (aligner && aligner.kind !== 'identity') aligner.save(join(run, 'aligner.safetensors'));
  return checkpoint;
}
