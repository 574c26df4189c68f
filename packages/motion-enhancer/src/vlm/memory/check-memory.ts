import { totalmem } from 'node:os';
import { type DType, deviceInfo } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { memoryPlan } from './memory-plan.js';

/**
 * A model whose weights alone are larger than the device's memory is refused before anything of it is read.
 * @throws UserError ERR_MEMORY with the numbers and what mends it
 */
export function checkMemory(dir: string, device: string, dtype: DType): void {
  const plan = memoryPlan(dir).dtypes.find((one) => one.dtype === dtype);
  const { name, total } = memoryOf(device);
  if (!plan || plan.weights <= total) return;
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const half =
    dtype === 'float32' && plan.weights / 2 <= total ? 'Load it as bfloat16 (--dtype bfloat16), or take' : 'Take';
  throw new UserError(
    `Expected ${gib(plan.weights)} of memory for the weights of ${dir} in ${dtype} but ${name} has ${gib(total)}. ${half} a smaller model or a larger device; generate --plan says what each needs.`,
    { code: 'ERR_MEMORY' },
  );
}

/** What a device has in all. */
export function memoryOf(device: string): { name: string; total: number } {
  if (device === 'cpu') return { name: 'this machine’s memory', total: totalmem() };
  const { name, total } = deviceInfo(Number(device.split(':')[1] ?? 0));
  return { name: `${device} (${name})`, total };
}
