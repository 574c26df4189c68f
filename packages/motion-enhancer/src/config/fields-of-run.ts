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
