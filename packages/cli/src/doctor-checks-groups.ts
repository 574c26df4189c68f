import type { DoctorCheck } from './doctor-checks.js';
import type { ProbeResult } from './doctor-checks-probe.js';

/** What several processes can compute together by: Gloo, which the binding always has, and NCCL, which GPUs want. */
export function groupsCheck(engine: ProbeResult, gpus: number): DoctorCheck {
  const base = { name: 'groups', required: false };
  const groups = engine.found.groups as { nccl: boolean; why: string | null; headers: string | null } | undefined;
  if (engine.failure || !groups) return { ...base, state: 'missing', detail: 'not asked: the engine does not load' };
  if (groups.nccl) return { ...base, state: 'ok', detail: `Gloo on CPUs, NCCL on GPUs (${groups.headers})` };
  if (gpus === 0) return { ...base, state: 'ok', detail: 'Gloo on CPUs' };
  return {
    ...base,
    state: 'missing',
    detail: `Gloo on CPUs, no NCCL: ${groups.why}. Several GPUs would exchange tensors through host memory.`,
    remedy: "see 'Several GPUs' in docs/setup.md, then npm run setup",
  };
}
