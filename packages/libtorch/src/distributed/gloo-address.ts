import { networkInterfaces } from 'node:os';
import type { GroupMember } from './group-member.js';

/**
 * The address at which Gloo listens on this host: the one that reached the store, unless that is the loopback (a host name
 * that /etc/hosts leads to 127.0.1.1) and the group spans several hosts.
 */
export function glooAddress(me: GroupMember, members: readonly GroupMember[]): string {
  const oneHost = members.every((member) => member.host === me.host);
  if (oneHost) return '127.0.0.1';
  if (!/^127\.|^::1$/.test(me.address)) return me.address;
  const outward = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find((one) => !one.internal && one.family === 'IPv4');
  return outward?.address ?? me.address;
}
