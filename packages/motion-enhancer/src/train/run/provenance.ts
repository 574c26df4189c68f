import { version } from '@motion-enhancer/libtorch';
import { CODE_VERSION } from '@motion-enhancer/support';
import type { PriorIndex } from '../data/prior-index.js';
import type { StepLog } from '../record/step-log.js';
import type { Provenance } from './model-card.js';
import type { TrainOptions } from './train.js';

export function provenanceOf({
  vlm,
  rows,
  sets = [],
  priors,
  recipe,
  index,
  log,
  broken,
}: TrainOptions & { index: PriorIndex | null; log: readonly StepLog[]; broken: number }): Provenance {
  const { frames, height, width } = index?.grid ?? { frames: 0, height: 0, width: 0 };
  return {
    base: vlm.dir,
    family: vlm.family.id,
    randomWeights: vlm.weights === 'random' || (index?.random ?? false),
    rows: rows.length,
    sets: sets.map(({ name, rows: all, ids }) => ({ name, taken: ids.length, rows: all })),
    broken,
    priors: index && priors ? { dir: priors, count: index.size, grid: `${frames} × ${height} × ${width}` } : null,
    steps: log.length,
    recipe,
    last: log.at(-1),
    code: `${CODE_VERSION}, libtorch ${version()}`,
  };
}
