import { deviceInfo } from '@motion-enhancer/libtorch';

/** Peak of dense 16-bit matrix products, FLOP/s. Source: NVIDIA's data sheets (H100 SXM, H200, A100, L40S). */
const PEAKS: readonly [pattern: RegExp, flops: number][] = [
  [/H100 PCIe/, 756e12],
  [/H100|H200|GH200/, 989.4e12],
  [/A100/, 312e12],
  [/L40S/, 362e12],
];

/** The device's peak; null where it is not known. */
export function peakFlops(device: string): number | null {
  if (!device.startsWith('cuda')) return null;
  const { name } = deviceInfo(Number(device.split(':')[1] ?? 0));
  return PEAKS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}
