import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expected, makeFolder, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import { buildConfig, cuda } from './devices.js';
import { LibtorchError } from './errors.js';
import { native } from './native.js';
import { Tensor } from './tensor.js';

/** CUDA source did not compile. `log` is the compiler's, `code` is `ERR_CUDA_COMPILE`. */
export class CudaCompileError extends LibtorchError {
  override readonly name: string = 'CudaCompileError';
  override code = 'ERR_CUDA_COMPILE';
  readonly log: string;

  constructor(kernel: string, log: string) {
    super(`The CUDA kernel ${kernel} does not compile:\n${log}`);
    this.log = log;
  }
}

/** A tensor passes its address; numbers must say their C type. */
export type KernelArgument = Tensor | { i32: number } | { i64: number | bigint } | { f32: number } | { f64: number };

export interface CudaKernel {
  /** @internal */
  readonly handle: number;
  /**
   * Queues the kernel on libtorch's stream.
   * @param sharedBytes dynamic shared memory of a block
   * @param early in a CUDA graph it may start before the kernel queued before it ends (Hopper and later): it must
   *   execute `griddepcontrol.wait` before it reads what others wrote, and before it writes
   */
  launch(grid: Dim3, block: Dim3, sharedBytes: number, args: readonly KernelArgument[], early?: boolean): void;
  /** Unloads it; for kernels that one process compiles by the hundred. */
  dispose(): void;
}

/** x, y, z; those left out are 1. */
export type Dim3 = readonly number[];

export interface CompileOptions {
  /** Index of the GPU; 0 by default. */
  device?: number;
  /** NVRTC's options besides the target, such as `-DNAME=1`. */
  options?: readonly string[];
  /**
   * Compile for the architecture-specific target (`sm_90a`), which Hopper's own instructions need; such code runs on
   * that compute capability alone.
   */
  architectureSpecific?: boolean;
}

/** Folders whose second library of NVRTC is loaded. */
const preloaded = new Set<string>();
const NVRTC_DIRS = ['/usr/local/cuda/lib64', '/usr/lib/x86_64-linux-gnu'];

/** Where a tensor's first element lies, for tables of pointers that a kernel reads. */
export const addressOf = (tensor: Tensor): number => native.dataKey(tensor.slot);

/** Compute capability of a GPU as one number, 90 for 9.0. */
export const computeCapability = (index: number): number => native.cudaArchitecture(index);

/** Shared memory that a block may ask for on a GPU, bytes: 163 KB on an A100, 99 KB on a 4090, 227 KB on an H100. */
export const sharedMemoryOfBlock = (index: number): number => native.cudaSharedMemory(index);

/**
 * Compiles one `extern "C" __global__` function of CUDA C++ source with NVRTC (no nvcc needed) and loads it. Machine code
 * is kept in `${XDG_CACHE_HOME:-~/.cache}/motion-enhancer/kernels` under the hash of source, options and target.
 * @throws CudaCompileError with the compiler's log; UserError where there is no GPU
 */
export function compileCudaKernel(source: string, name: string, o: CompileOptions = {}): CudaKernel {
  const device = o.device ?? 0;
  const { count, reason } = cuda();
  if (device >= count) throw expected('a CUDA device', 'device', `cuda:${device}`, reason ?? '');
  const capability = computeCapability(device);
  const overlaps = capability >= 90;
  const target = `sm_${capability}${o.architectureSpecific ? 'a' : ''}`;
  const options = [`--gpu-architecture=${target}`, '--std=c++17', ...(o.options ?? [])];
  const handle = native.loadCudaKernel(machineCode(source, name, options), name, device);
  return {
    handle,
    launch: (grid, block, sharedBytes, args, early = false) => {
      const encoded = args.map(encodeArgument);
      native.launchCudaKernel(
        handle,
        [...launchShape(grid), ...launchShape(block), sharedBytes, early && overlaps ? 1 : 0],
        encoded.map(([kind]) => kind).join(''),
        encoded.map(([, value]) => value),
      );
    },
    dispose: () => native.freeCudaKernel(handle),
  };
}

/**
 * NVRTC alone, which needs neither GPU nor driver.
 * @param name for the error
 * @param options must name the target
 * @param nvrtcDirs where NVRTC is looked for first, once a process
 * @throws CudaCompileError
 */
export function compileCuda(
  source: string,
  name: string,
  options: readonly string[],
  nvrtcDirs: readonly string[] = [],
): ArrayBuffer {
  for (const dir of nvrtcDirs) loadBuiltins(dir);
  const dirs = [...nvrtcDirs, ...(buildConfig()?.libDirs ?? []), ...NVRTC_DIRS];
  const { cubin, log } = native.compileCuda(source, [...options], dirs);
  if (cubin === null) throw new CudaCompileError(name, log);
  return cubin;
}

/** NVRTC opens its second library by name: from a folder of its own it must be there already. */
function loadBuiltins(dir: string): void {
  if (preloaded.has(dir)) return;
  preloaded.add(dir);
  const names = existsSync(dir) ? readdirSync(dir) : [];
  for (const name of names) if (name.startsWith('libnvrtc-builtins.so')) native.loadLibrary(join(dir, name));
}

function machineCode(source: string, name: string, options: readonly string[]): ArrayBuffer {
  const hash = createHash('sha256')
    .update(JSON.stringify([source, options]))
    .digest('hex')
    .slice(0, 32);
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'motion-enhancer', 'kernels');
  // Without the name: kernels of one source share the machine code.
  const path = join(folder, `${hash}.cubin`);
  try {
    const bytes = readFileSync(path);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  } catch {
    // Not compiled before.
  }
  const cubin = compileCuda(source, name, options);
  try {
    makeFolder(folder);
    writeFileAtomically(path, cubin.byteLength, (fd) => writeFully(fd, new Uint8Array(cubin)));
  } catch {
    // A cache that cannot be written only costs time.
  }
  return cubin;
}

/** @internal Sizes of a grid or block. */
export const launchShape = (d: Dim3): number[] => [d[0] ?? 1, d[1] ?? 1, d[2] ?? 1];

/** @internal A kind’s letter and the value, as the binding takes them. */
export function encodeArgument(argument: KernelArgument): [string, number | bigint] {
  if (argument instanceof Tensor) return ['t', argument.slot];
  if ('i32' in argument) return ['i', argument.i32];
  if ('i64' in argument) return ['l', argument.i64];
  if ('f32' in argument) return ['f', argument.f32];
  return ['d', argument.f64];
}
