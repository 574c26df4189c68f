import { buildConfig } from '../devices.js';
import { native } from '../native.js';

/**
 * What this binding's process groups can use; Gloo always is there. `why`: what NCCL lacks, or null; `headers`: with which
 * releases of NCCL and CUDA it was compiled, or null.
 */
export function groupBackends(): { gloo: true; nccl: boolean; why: string | null; headers: string | null } {
  const built = buildConfig()?.nccl;
  if (native.hasNccl()) return { gloo: true, nccl: true, why: null, headers: built?.headers ?? null };
  const why = built?.why ?? 'set-up did not look for it: run `npm run setup`';
  return { gloo: true, nccl: false, why, headers: null };
}
