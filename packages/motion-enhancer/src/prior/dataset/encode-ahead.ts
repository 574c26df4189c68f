import { keep, noGrad, OutOfMemoryError, onSideStream, scope } from '@motion-enhancer/libtorch';
import { encodeClip } from '../diffusion/encode-clip.js';
import type { DatasetJob } from './dataset-job.js';
import type { PendingRow } from './pending-row.js';

/** The next row's frames to latents, beside the pass that runs. */
export function encodeAhead({ vdm, config }: Pick<DatasetJob, 'vdm' | 'config'>, row: PendingRow | null): void {
  if (row?.ready?.state !== 'ready' || row.ahead) return;
  const { frames } = row.ready.input;
  try {
    const { value, join } = onSideStream(vdm.device, () =>
      keep(noGrad(() => scope(() => encodeClip(vdm, frames, config)))),
    );
    row.ahead = { latents: value, join };
  } catch (error) {
    // Beside a pass there is less memory than without one: then it is encoded in its own turn.
    if (!(error instanceof OutOfMemoryError)) row.ahead = { error };
  }
}

/** Frees what was encoded ahead. */
export function freeAhead({ ahead }: Pick<PendingRow, 'ahead'>): void {
  if (ahead && 'latents' in ahead) ahead.latents.x0.dispose();
}
