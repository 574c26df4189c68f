import { hostname } from 'node:os';
import { deviceInfo } from '../devices.js';
import { native } from '../native.js';

/** What each rank sends the others when it joins. */
export interface GroupMember {
  host: string;
  pid: number;
  /** The address by which this host reached the store. */
  address: string;
  /** The id of its GPU; empty on a CPU. */
  gpu: string;
  /** What it was started with. */
  backend: string;
  /** Whether its binding has NCCL. */
  nccl: boolean;
  timeoutMs: number;
}

/** What this process sends. @param device `cpu` or `cuda:N` */
export function describeMember(device: string, address: string, backend: string, timeoutMs: number): GroupMember {
  const index = /^cuda:(\d+)$/.exec(device)?.[1];
  const host = hostname();
  const gpu = index === undefined ? '' : deviceInfo(Number(index)).uuid || `${host} ${device}`;
  return { host, pid: process.pid, address, gpu, backend, nccl: native.hasNccl(), timeoutMs };
}
