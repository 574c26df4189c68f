import { cuda } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';

/**
 * How many processes of this host `--gpus` or `--processes` asks for; 1 where neither does.
 * @param gpus of this host
 * @throws UserError ERR_VALUE: more GPUs than there are, processes without `--device cpu`, both options
 */
export function processCount(
  asked: { gpus: string; processes: number | null; device: string },
  gpus: number = cuda().count,
): number {
  const { processes, device } = asked;
  if (asked.gpus === '') {
    if (processes === null || processes === 1) return 1;
    if (device === 'cpu') return processes;
    throw expected('cpu with processes', 'device', device, 'For GPUs, --gpus N starts a process each.');
  }
  if (processes !== null) throw expected('gpus or processes, not both,', 'processes', processes);
  if (device !== 'auto' && device !== 'cuda') throw expected('auto with gpus', 'device', device);
  const count = asked.gpus === 'all' ? gpus : Number(asked.gpus);
  if (!Number.isInteger(count) || (count < 1 && asked.gpus !== 'all'))
    throw expected('a whole number, or all,', 'gpus', asked.gpus);
  if (gpus === 0)
    throw expected('no gpus on a host without a GPU', 'gpus', asked.gpus, 'On a CPU, --processes N --device cpu.');
  if (count > gpus) throw expected(`at most ${gpus}, the GPUs of this host,`, 'gpus', asked.gpus);
  return count;
}
