import { cells, type Grid } from '@motion-enhancer/core/internal/align/index.js';
import { keep, noGrad, scope, tensor } from '@motion-enhancer/libtorch';
import type { AlignmentTable } from '../runs/step.js';
import { int64Rows, largest } from '../vlm/layout.js';
import type { ClipWords } from './maps-of-condition.js';

/**
 * Words and their targets on the device.
 * @param conditions by condition, sample and word: the target, or null
 */
export function alignmentTable(
  samples: readonly ClipWords[],
  conditions: readonly (readonly (readonly (Float32Array | null)[])[])[],
  grid: Grid,
  device: string,
): AlignmentTable {
  const N = samples.length;
  const S = cells(grid);
  const tokens = samples.map(({ words }) => [...new Set(words.flatMap((word) => word.tokens))].sort((a, b) => a - b));
  const Q = largest(
    tokens.map((list) => list.length),
    1,
  );
  const W = largest(
    samples.map(({ words }) => words.length),
    1,
  );
  const share = new Float32Array(N * W * Q);
  samples.forEach(({ words }, n) => {
    words.forEach((word, w) => {
      for (const token of word.tokens) share[(n * W + w) * Q + tokens[n]!.indexOf(token)]! += 1 / word.tokens.length;
    });
  });
  const priors = new Float32Array(conditions.length * N * W * S);
  const chosen = new Float32Array(conditions.length * N * W);
  conditions.forEach((condition, a) => {
    condition.forEach((row, n) => {
      row.forEach((map, w) => {
        if (!map) return;
        const at = (a * N + n) * W + w;
        priors.set(map, at * S);
        chosen[at] = 1;
      });
    });
  });
  const tensors = noGrad(() =>
    scope(() => ({
      rows_NQ: int64Rows(N, (n) => tokens[n]!, Q, 0, device),
      share_NWQ: tensor(share, { shape: [N, W, Q] }).to(device),
      priors_CNWS: tensor(priors, { shape: [conditions.length, N, W, S] }).to(device),
      words_CNW: tensor(chosen, { shape: [conditions.length, N, W] }).to(device),
    })),
  );
  keep(tensors);
  return {
    grid,
    ...tensors,
    dispose() {
      for (const t of Object.values(tensors)) t.dispose();
    },
  };
}
