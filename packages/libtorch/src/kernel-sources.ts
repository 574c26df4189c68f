import { ADAMW_SOURCE } from './optim/adamw.cu.js';

/** CUDA C++ of kernels, as tests compile it for every architecture. */
export interface KernelSource {
  source: string;
  /** Its `extern "C" __global__` functions. */
  kernels: readonly string[];
  /** Dynamic shared memory of a block that launches ask for. */
  sharedBytes?: number;
  /** Name of the source that serves on GPUs whose blocks cannot have so much shared memory. */
  otherwise?: string;
}

/** The kernels of this package by name. */
export const LIBTORCH_KERNEL_SOURCES: Readonly<Record<string, KernelSource>> = {
  adamw: { source: ADAMW_SOURCE, kernels: ['adamw'] },
};
