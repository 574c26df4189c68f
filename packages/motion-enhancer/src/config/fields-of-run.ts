import type { Fields } from './field.js';

/** Settings that every command which computes has. */
export const DEVICE_FIELDS = {
  device: { type: 'string', default: 'auto', text: 'cpu, cuda, cuda:N, or auto: the first GPU if there is one' },
  dtype: {
    type: 'choice',
    choices: ['auto', 'float32', 'bfloat16', 'float16', 'float64'],
    default: 'auto',
    text: 'Number format of the network: auto is bfloat16 on a GPU, float32 on a CPU',
    paper: 'bfloat16',
  },
  threads: { type: 'integer', default: 0, min: 0, text: 'CPU threads of libtorch; 0 leaves its choice' },
} as const satisfies Fields;

/** How many processes train together: of one host, started by us. Launchers (torchrun, srun, mpirun) say it themselves. */
export const GROUP_FIELDS = {
  gpus: {
    type: 'string',
    default: '',
    text: 'GPUs of this host that train together: a number or all, a process each; without it one. Under torchrun, srun or mpirun the launcher says it',
  },
  processes: {
    type: 'integer',
    default: null,
    min: 1,
    text: 'Processes that train together on the CPU of this host (--device cpu), to try what --gpus does',
  },
  sharding: {
    type: 'choice',
    choices: ['auto', 'none', 'optimizer', 'full'],
    default: 'auto',
    text: 'Each process has everything, or a shard of masters and moments, or of weights and gradients as well; auto: the first of these that fits the GPU',
  },
  groupTimeout: {
    type: 'number',
    default: 600,
    min: 1,
    text: 'How long a process waits for the others before it fails and says for whom',
    unit: 's',
  },
} as const satisfies Fields;

/** How many processes of this host share work that needs no group: each takes what no other has. */
export const WORKER_FIELDS = {
  gpus: {
    type: 'string',
    default: '',
    text: 'GPUs of this host that share the work: a number or all, a process each; without it one',
  },
  processes: { type: 'integer', default: null, min: 1, text: 'The same on the CPU (--device cpu)' },
} as const satisfies Fields;
