import type { ProcessGroup } from '../process-group.js';

/** A value for each rank. */
export const byRank = <T>({ size }: ProcessGroup, value: (rank: number) => T): T[] =>
  Array.from({ length: size }, (_, rank) => value(rank));

/** 1 + 2 + … + n */
export const sumTo = (n: number): number => (n * (n + 1)) / 2;
