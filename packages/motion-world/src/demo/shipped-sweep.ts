import { forestPlot } from '@motion-enhancer/core/internal/view/forest-plot.js';
import type { ResultSection } from '@motion-enhancer/core/internal/view/result-section.js';
import { compareConditions, mainSetup } from '../sweep/compare.js';
import { plainLine, scopeLine, sweepForest } from '../sweep/forest.js';
import { setupLine, setupTable } from '../sweep/report.js';
import { readResults } from '../sweep/results.js';

/**
 * The shipped experiment: its main setup as a picture, every setup as a folded table. Runs of before setups were
 * recorded are left out: what they can be compared with is not known.
 * @returns null where no setup was recorded
 */
export function shippedSweep(path: string): ResultSection | null {
  const setups = compareConditions(readResults(path).filter(({ setup }) => setup));
  const main = mainSetup(setups);
  if (!main) return null;
  const others = setups.filter((one) => one !== main);
  return {
    title: 'Does alignment help? The shipped experiment',
    notes: [
      scopeLine(main),
      'Arms differ in what attention is pulled toward; runs of one seed see the same samples in the same order, so they are compared in pairs. The control of an arm is the same arm with maps of other clips: only what an arm gains over it comes from where the maps look. Of twenty such intervals about one leaves out 0 by chance alone.',
      `${plainLine(main)} docs/results/world.md says more.`,
    ],
    picture: forestPlot(sweepForest(main)),
    tables: [main, ...others].map((one) => {
      const { head, rows } = setupTable(one);
      return {
        folded: `${one === main ? 'The same in numbers' : 'Another setup'}: ${setupLine(one.runs)}`,
        head,
        rows,
      };
    }),
  };
}
