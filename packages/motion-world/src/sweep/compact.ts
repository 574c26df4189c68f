// Results with every setup and condition written once: a third of their size, and nothing lost.
import type { RunResult } from './results.js';

const COMMON = ['setup', 'steps', 'batchSize', 'lr', 'start'] as const satisfies readonly (keyof RunResult)[];

type Common = Pick<RunResult, (typeof COMMON)[number]>;

/** A first line of what the following lines name by number. */
interface Head {
  common: Common[];
  arms: RunResult['arm'][];
}

/** @returns lines that `readResults` reads as it does those of `world ladder`; more may be added below them */
export function compactText(results: readonly RunResult[]): string {
  const common = new Map<string, number>();
  const arms = new Map<string, number>();
  const rows = results.map(({ setup, steps, batchSize, lr, start, arm, ...rest }) => ({
    common: numberOf(common, JSON.stringify({ setup, steps, batchSize, lr, start })),
    arm: numberOf(arms, JSON.stringify(arm)),
    ...rest,
  }));
  const list = (of: ReadonlyMap<string, number>) => [...of.keys()].map((text) => JSON.parse(text));
  const head: Head = { common: list(common), arms: list(arms) };
  return [head, ...rows].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function numberOf(numbers: Map<string, number>, text: string): number {
  const known = numbers.get(text) ?? numbers.size;
  numbers.set(text, known);
  return known;
}

/** Reads lines in their order: whole ones as they are, short ones by the last head above them. */
export function createExpander(): (line: unknown) => Partial<RunResult> {
  let head: Head = { common: [], arms: [] };
  return (line) => {
    if (typeof line !== 'object' || line === null) return {};
    const row = line as Partial<RunResult> & Partial<Head> & { common?: unknown };
    if (Array.isArray(row.common) && Array.isArray(row.arms)) {
      head = { common: row.common, arms: row.arms };
      return {};
    }
    if (typeof row.arm !== 'number') return row;
    const { common, arm, ...rest } = row as unknown as { common: number; arm: number };
    const [known, named] = [head.common[common], head.arms[arm]];
    // A head that was cut off leaves its lines without a meaning.
    return known && named ? { ...rest, ...known, arm: named } : {};
  };
}
