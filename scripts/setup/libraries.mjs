import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheRoot } from './cache.mjs';
import { cachedLibraries, missingLibraries } from './cuda-libraries.mjs';
import { hasNvidiaDriver } from './machine.mjs';
import { readRequirements } from './version.mjs';

/**
 * What the binding is linked with: folders, linker arguments in load order, and whether libtorch's CUDA part is among
 * them. It is when the libraries are there and the machine has an NVIDIA driver: loading them costs a second and 1 GB of
 * address space, and without a driver they do nothing.
 */
export async function resolveLibraries({ libtorchDir, version }, env = process.env) {
  const libDir = join(libtorchDir, 'lib');
  const cuda = existsSync(join(libDir, 'libtorch_cuda.so')) && hasNvidiaDriver(env);
  const missing = await missingLibraries(join(libDir, cuda ? 'libtorch_cuda.so' : 'libtorch_cpu.so'));
  const libDirs = [libDir];
  const first = [];
  if (missing.length > 0) {
    libDirs.push(await cachedLibraries(missing, readRequirements(libtorchDir, version), cacheRoot(env)));
    // Linked first and directly: the loader then has them by soname before libtorch_cpu.so asks.
    first.push(...missing.map((soname) => `-l:${soname}`));
  }
  const libraries = [...first, '-lc10', '-ltorch_cpu', ...(cuda ? ['-lc10_cuda', '-ltorch_cuda', '-ltorch'] : [])];
  return { libDirs, libraries, cuda };
}

/** Header folders of CUDA's runtime that NVIDIA's wheels put beside torch; libtorch's own CUDA headers include them. */
export function cudaIncludeDirs(libtorchDir) {
  const nvidia = join(dirname(libtorchDir), 'nvidia');
  return ['cu13/include', 'cuda_runtime/include']
    .map((part) => join(nvidia, part))
    .filter((dir) => existsSync(join(dir, 'cuda_runtime_api.h')));
}
