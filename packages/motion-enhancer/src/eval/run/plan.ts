import type { Shard } from '@motion-enhancer/support';
import { type EvalMedium, type EvalQuestion, mediumKey } from '../benchmarks/question.js';

/** All questions about one medium: it is read and encoded once. */
export interface MediumGroup {
  key: string;
  medium: EvalMedium;
  questions: EvalQuestion[];
}

/** Groups in the order of their first questions. */
export function groupsOf(questions: readonly EvalQuestion[]): MediumGroup[] {
  const groups = new Map<string, MediumGroup>();
  for (const question of questions) {
    const key = mediumKey(question.medium);
    const group = groups.get(key);
    if (group) group.questions.push(question);
    else groups.set(key, { key, medium: question.medium, questions: [question] });
  }
  return [...groups.values()];
}

/** Every n-th group from the i-th on: a video's questions stay together. */
export function shardOf(groups: readonly MediumGroup[], { index, count }: Shard): MediumGroup[] {
  return groups.filter((_, place) => place % count === index);
}

/**
 * Consecutive groups with at least so many questions together. Batches never cross windows, and which questions are in
 * one depends on the questions alone: a run that goes on computes the same batches, to the bit.
 */
export function windowsOf(groups: readonly MediumGroup[], atLeast: number): MediumGroup[][] {
  const windows: MediumGroup[][] = [];
  let open: MediumGroup[] = [];
  let count = 0;
  for (const group of groups) {
    open.push(group);
    count += group.questions.length;
    if (count < atLeast) continue;
    windows.push(open);
    open = [];
    count = 0;
  }
  return open.length > 0 ? [...windows, open] : windows;
}

/** Splits what is sorted by length into batches: at most so many, and so many tokens with padding. */
export function batchesOf<T>(
  sorted: readonly T[],
  lengthOf: (item: T) => number,
  maxBatch: number,
  maxTokens: number,
): T[][] {
  const batches: T[][] = [];
  let open: T[] = [];
  let longest = 0;
  for (const item of sorted) {
    longest = Math.max(longest, lengthOf(item));
    if (open.length > 0 && (open.length === maxBatch || (open.length + 1) * longest > maxTokens)) {
      batches.push(open);
      open = [];
      longest = lengthOf(item);
    }
    open.push(item);
  }
  return open.length > 0 ? [...batches, open] : batches;
}
