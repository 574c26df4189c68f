import { UserError } from '@motion-enhancer/support';
import { buildConfig } from '../devices.js';
import type { GroupMember } from './group-member.js';

/**
 * NCCL where every rank has a GPU of its own and a binding with NCCL; Gloo otherwise. The same on every rank, since all see
 * the same members.
 * @throws UserError `ERR_GROUP` when NCCL was asked for and cannot be, saying what is missing
 */
export function chooseBackend(wanted: 'auto' | 'gloo' | 'nccl', members: readonly GroupMember[]): 'gloo' | 'nccl' {
  if (wanted === 'gloo') return 'gloo';
  const obstacle = obstacleToNccl(members);
  if (obstacle === null) return 'nccl';
  if (wanted === 'auto') return 'gloo';
  throw new UserError(`NCCL cannot serve this group: ${obstacle}.`, { code: 'ERR_GROUP' });
}

function obstacleToNccl(members: readonly GroupMember[]): string | null {
  const without = members.findIndex((member) => member.gpu === '');
  if (without >= 0) return `rank ${without} computes on a CPU`;
  const unbuilt = members.findIndex((member) => !member.nccl);
  if (unbuilt >= 0) {
    const why = members[unbuilt]!.pid === process.pid ? buildConfig()?.nccl?.why : undefined;
    return `the binding of rank ${unbuilt} (${members[unbuilt]!.host}) was built without NCCL${why ? `: ${why}` : ''}`;
  }
  const gpus = members.map((member) => member.gpu);
  const second = gpus.findIndex((gpu, rank) => gpus.indexOf(gpu) < rank);
  return second < 0 ? null : `ranks ${gpus.indexOf(gpus[second]!)} and ${second} share one GPU`;
}
