import { type CudaKernel, compileCudaKernel, computeCapability, sharedMemoryOfBlock } from './cuda-kernel.js';
import { LibtorchError } from './errors.js';
import { plainOperatorsInUse } from './plain-operators.js';

/** Compiles one kernel of a source that begins with HALF_ELEMENT_SOURCE, for the device and type that are asked for. */
export type CompileHalf = (source: string, name: string) => CudaKernel;

/** @internal What of a GPU the choice of kernels depends on. */
export interface HalfKernelsGpu {
  capability(index: number): number;
  sharedMemory(index: number): number;
  compile: typeof compileCudaKernel;
}

const DEVICE: HalfKernelsGpu = {
  capability: computeCapability,
  sharedMemory: sharedMemoryOfBlock,
  compile: compileCudaKernel,
};

export interface HalfKernelsOptions {
  /** The oldest compute capability that has what the kernels need; 80 (Ampere, the first with bfloat16) by default. */
  oldest?: number;
  /** @internal What stands in for a GPU in tests. */
  gpu?: HalfKernelsGpu;
}

/**
 * A choice between kernels of ours for half-precision tensors and the plain operators that they are held against. It takes
 * where a tensor lies and of what type it is, and gives the kernels, compiled once a device and type, or null where plain
 * operators must serve: not CUDA, not a half type, a GPU that is too old, no NVRTC (said once), or `usePlainOperators`.
 * @param make compiles them; it may choose sizes by how much shared memory a block may have on the device
 * @param what names them where they cannot be had: "Plain operators serve in place of …"
 */
export function halfKernels<K>(
  what: string,
  make: (compile: CompileHalf, device: { sharedMemory(): number }) => K,
  { oldest = 80, gpu = DEVICE }: HalfKernelsOptions = {},
): (x: { readonly device: string; readonly dtype: string }) => K | null {
  const made = new Map<string, K | null>();
  const attempt = (index: number, dtype: string): K | null => {
    if (gpu.capability(index) < oldest) return null;
    const options = dtype === 'bfloat16' ? ['-DELEMENT_BF16'] : [];
    try {
      const compile: CompileHalf = (source, name) => gpu.compile(source, name, { device: index, options });
      return make(compile, { sharedMemory: () => gpu.sharedMemory(index) });
    } catch (error) {
      if (!(error instanceof LibtorchError)) throw error;
      process.stderr.write(`Plain operators serve in place of ${what}: ${error.message}\n`);
      return null;
    }
  };
  return ({ device, dtype }) => {
    if (!device.startsWith('cuda') || (dtype !== 'bfloat16' && dtype !== 'float16')) return null;
    if (plainOperatorsInUse()) return null;
    const key = `${device} ${dtype}`;
    let kernels = made.get(key);
    if (kernels === undefined) {
      kernels = attempt(Number(device.split(':')[1] ?? 0), dtype);
      made.set(key, kernels);
    }
    return kernels;
  };
}
