import { hostname } from 'node:os';
import { ProcessGroup } from './process-group.js';

/** A group of one: collectives are identities, so that code has one path for any number of processes. */
export function soloGroup(localRank = 0): ProcessGroup {
  return new ProcessGroup({
    name: 'alone',
    rank: 0,
    size: 1,
    localRank,
    backend: 'none',
    timeoutMs: 0,
    store: null,
    hosts: [hostname()],
    serves: false,
  });
}
