import { buildConfig } from '../devices.js';
import { native } from '../native.js';

/** What this binding's process groups can use. `why`: what NCCL lacks, null where it is there. Gloo always is. */
export function groupBackends(): { gloo: true; nccl: boolean; why: string | null } {
  if (native.hasNccl()) return { gloo: true, nccl: true, why: null };
  const why = buildConfig()?.nccl?.why ?? 'the binding was built before it knew NCCL: run `npm run setup`';
  return { gloo: true, nccl: false, why };
}
