import type { PriorHead, PriorInfo } from '../prior/store/prior.js';

export interface RankedHead {
  head: PriorHead;
  /** Its place in the prior. */
  index: number;
  /** Its place, or `layer.head` where heads of single layers were chosen. */
  name: string;
  /** What the heads were ranked by. */
  measure: number;
}

/** The heads of a prior, best rank first, and the name of what they were ranked by: the score of MHS unless the options say else. */
export function rankedHeads({ heads, options }: Pick<PriorInfo, 'heads' | 'options'>): {
  ranked: RankedHead[];
  by: Measure;
} {
  // Priors of before there was a choice have none.
  const { selection = 'mhs' } = options as Partial<typeof options>;
  const by = selection === 'mhs' ? 'score' : selection;
  const ranked = heads
    .map((head, index) => ({ head, index, name: headName(head, index), measure: measureOf(head, by) }))
    .sort((a, b) => a.head.rank - b.head.rank);
  return { ranked, by };
}

type Measure = 'score' | Exclude<PriorInfo['options']['selection'], 'mhs'>;

function measureOf(head: PriorHead, by: Measure): number {
  if (by !== 'change-reliability') return head[by] ?? Number.NaN;
  return (head.change ?? Number.NaN) * (head.reliability ?? Number.NaN);
}

function headName({ layer, head, direction }: PriorHead, index: number): string {
  const place = layer === undefined ? String(head ?? index) : `${layer}.${head ?? 0}`;
  return direction === undefined ? place : `${place} ${direction}`;
}
