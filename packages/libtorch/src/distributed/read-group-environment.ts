import { expected, UserError } from '@motion-enhancer/support';
import { firstSlurmHost } from './first-slurm-host.js';
import type { StorePlace } from './store-place.js';

export type Launcher = 'motion-enhancer' | 'torchrun' | 'open-mpi' | 'slurm' | 'none';

/** This process's place among those that were started together. */
export interface GroupEnvironment {
  launcher: Launcher;
  rank: number;
  size: number;
  /** The rank among the processes of this host: the GPU to use where each process sees all of them. */
  localRank: number;
  /** Null for a process alone. */
  store: StorePlace | null;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The variable by which our own starter names the rendezvous file. */
export const GROUP_FILE = 'LIBTORCH_GROUP_FILE';

/** The port when a launcher gives none: torch's own default. */
const DEFAULT_PORT = 29500;

/**
 * Reads how this process was started: RANK and so on from torchrun, Kubernetes' PyTorchJob or our own starter; Open MPI's;
 * Slurm's; or none of them, which is a group of one. MASTER_ADDR and MASTER_PORT count in all of them.
 * @throws UserError when the variables contradict each other or one is missing
 */
export function readGroupEnvironment(env: Env = process.env): GroupEnvironment {
  if (env.RANK !== undefined || env.WORLD_SIZE !== undefined) return fromTorchrun(env);
  if (env.OMPI_COMM_WORLD_RANK !== undefined || env.OMPI_COMM_WORLD_SIZE !== undefined) return fromOpenMpi(env);
  if (env.SLURM_PROCID !== undefined) return fromSlurm(env);
  return { launcher: 'none', rank: 0, size: 1, localRank: 0, store: null };
}

function fromTorchrun(env: Env): GroupEnvironment {
  const ranks = readRanks(env, { rank: 'RANK', size: 'WORLD_SIZE', localRank: 'LOCAL_RANK' });
  const file = env[GROUP_FILE];
  if (file)
    return { launcher: 'motion-enhancer', ...ranks, store: placeOf(ranks, () => ({ kind: 'file', path: file })) };
  const store = placeOf(ranks, () => ({
    ...masterOf(env, 'torchrun and PyTorchJob set it'),
    ...agentOf(env),
  }));
  return { launcher: 'torchrun', ...ranks, store };
}

/** torchrun's agent may serve the store itself, one for all attempts. */
function agentOf(env: Env): { byLauncher?: true; prefix?: string } {
  if (env.TORCHELASTIC_USE_AGENT_STORE !== 'True') return {};
  return { byLauncher: true, prefix: `/worker/attempt_${env.TORCHELASTIC_RESTART_COUNT ?? '0'}` };
}

function fromOpenMpi(env: Env): GroupEnvironment {
  const ranks = readRanks(env, {
    rank: 'OMPI_COMM_WORLD_RANK',
    size: 'OMPI_COMM_WORLD_SIZE',
    localRank: 'OMPI_COMM_WORLD_LOCAL_RANK',
  });
  const here = env.OMPI_COMM_WORLD_LOCAL_SIZE === String(ranks.size);
  const withHost = env.MASTER_ADDR === undefined && here ? { ...env, MASTER_ADDR: '127.0.0.1' } : env;
  const remedy = 'mpirun -x MASTER_ADDR=HOST_OF_RANK_0 -x MASTER_PORT=29500 passes it on';
  return { launcher: 'open-mpi', ...ranks, store: placeOf(ranks, () => masterOf(withHost, remedy, DEFAULT_PORT)) };
}

function fromSlurm(env: Env): GroupEnvironment {
  const size = env.SLURM_STEP_NUM_TASKS !== undefined ? 'SLURM_STEP_NUM_TASKS' : 'SLURM_NTASKS';
  // sbatch without --ntasks starts one process and says nothing of their number.
  if (env[size] === undefined) return { launcher: 'none', rank: 0, size: 1, localRank: 0, store: null };
  const ranks = readRanks(env, { rank: 'SLURM_PROCID', size, localRank: 'SLURM_LOCALID' });
  return {
    launcher: 'slurm',
    ...ranks,
    store: placeOf(ranks, () => masterOf(withSlurmHost(env), 'srun sets it', slurmPort(env))),
  };
}

function withSlurmHost(env: Env): Env {
  if (env.MASTER_ADDR !== undefined) return env;
  const list = env.SLURM_STEP_NODELIST ?? env.SLURM_JOB_NODELIST ?? env.SLURM_NODELIST;
  if (list === undefined) {
    throw new UserError(
      'Slurm started this process, but neither SLURM_JOB_NODELIST nor MASTER_ADDR names the host of rank 0.',
      {
        code: 'ERR_GROUP',
      },
    );
  }
  return { ...env, MASTER_ADDR: firstSlurmHost(list) };
}

/** Jobs and steps that share a host get ports of their own. */
function slurmPort(env: Env): number {
  const number = (text: string | undefined) => (text !== undefined && /^\d+$/.test(text) ? Number(text) : 0);
  return 15_000 + ((number(env.SLURM_JOB_ID) + 101 * number(env.SLURM_STEP_ID)) % 10_000);
}

/** A process alone needs no place to meet, and its launcher need not name one. */
function placeOf({ size }: { size: number }, find: () => StorePlace): StorePlace | null {
  return size === 1 ? null : find();
}

function masterOf(env: Env, remedy: string, defaultPort?: number): StorePlace & { kind: 'tcp' } {
  const host = env.MASTER_ADDR?.trim();
  if (!host) throw missing('MASTER_ADDR', 'the host of rank 0', remedy);
  if (env.MASTER_PORT === undefined && defaultPort === undefined)
    throw missing('MASTER_PORT', 'the port of rank 0', remedy);
  const port = env.MASTER_PORT === undefined ? defaultPort! : whole(env, 'MASTER_PORT', 'a port from 1 to 65535');
  if (port < 1 || port > 65_535) throw expected('a port from 1 to 65535', 'MASTER_PORT', env.MASTER_PORT);
  return { kind: 'tcp', host, port };
}

function readRanks(
  env: Env,
  names: { rank: string; size: string; localRank: string },
): { rank: number; size: number; localRank: number } {
  const size = whole(env, names.size, 'a number of processes');
  if (size < 1) throw expected('at least 1', names.size, env[names.size]);
  const rank = whole(env, names.rank, 'a rank');
  if (rank >= size) throw expected(`a rank below ${names.size}=${size}`, names.rank, env[names.rank]);
  const localRank = env[names.localRank] === undefined ? 0 : whole(env, names.localRank, 'a rank on this host');
  if (localRank >= size) throw expected(`a rank below ${names.size}=${size}`, names.localRank, env[names.localRank]);
  return { rank, size, localRank };
}

function whole(env: Env, name: string, what: string): number {
  const text = env[name];
  if (text === undefined) throw missing(name, what, 'unset the other variables of the launcher to run one process');
  if (!/^\d+$/.test(text)) throw expected(what, name, text);
  return Number(text);
}

function missing(name: string, what: string, remedy: string): UserError {
  return new UserError(`Expected ${what} for ${name} but it is not set: ${remedy}.`, { code: 'ERR_GROUP' });
}
