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

/** What a step's failure says with several ranks: of the group's failures also where this rank was, and with what. */
export async function explainStep(error: unknown, { group, step, samples, run }: FailedPlace): Promise<unknown> {
  if (group.size === 1 || !(error instanceof UserError) || error.code !== 'ERR_GROUP') return error;
  const explained = (await explainFailure(group, error)) as Error;
  const ids =
    samples.length > 0
      ? `with samples ${samples.map(({ row }) => row.id).join(', ')}`
      : 'before its samples were dealt';
  return new UserError(
    `Step ${step}, rank ${group.rank} of ${group.size} on ${hostname()} ${ids}: ${explained.message} The last saved state in ${run} is whole; --resume goes on from it, on any number of ranks.`,
    { code: 'ERR_GROUP', cause: error },
  );
}
