import { hostname } from 'node:os';
import { explainFailure, type ProcessGroup } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { PreparedSample } from '../data/prepared-sample.js';

export interface FailedPlace {
  group: ProcessGroup;
  step: number;
  samples: readonly PreparedSample[];
  run: string;
}

/** What a step's failure says with several ranks: where this rank was, and with what; of the group's failures also who is gone. */
export async function explainStep(error: unknown, { group, step, samples, run }: FailedPlace): Promise<unknown> {
  const { code, message } = error as Error & { code?: string };
  if (group.size === 1 || (code !== 'ERR_GROUP' && code !== 'ERR_OUT_OF_MEMORY')) return error;
  const why = code === 'ERR_GROUP' ? (await explainFailure(group, error as UserError)).message : message;
  const ids =
    samples.length > 0
      ? `with samples ${samples.map(({ row }) => row.id).join(', ')}`
      : 'before its samples were dealt';
  return new UserError(
    `Step ${step}, rank ${group.rank} of ${group.size} on ${hostname()} ${ids}: ${why} The last saved state in ${run} is whole; --resume goes on from it, on any number of ranks.`,
    { code, cause: error },
  );
}
