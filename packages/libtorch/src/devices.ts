import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expected } from '@motion-enhancer/support';
import { bindingPath, native } from './native.js';

export interface CudaState {
  /** Number of usable GPUs. */
  count: number;
  /** Why there is none. */
  reason: string | null;
}

export interface BuildConfig {
  libtorchDir: string;
  libDirs: string[];
  version: string;
  cuda: boolean;
  /** Whether process groups can use NCCL, or why not; absent in what older set-ups wrote. */
  nccl?: { built: boolean; why?: string; headers?: string };
  source: string;
}

/** What set-up wrote beside the binding: which libtorch it was built for. */
export function buildConfig(): BuildConfig | null {
  const path = join(dirname(bindingPath()), 'config.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as BuildConfig) : null;
}

let state: CudaState | undefined;

/** Opens libtorch's CUDA library if the machine has a GPU; never throws. */
export function cuda(): CudaState {
  if (state) return state;
  state = { count: 0, reason: openCuda() };
  if (state.reason === null) {
    state.count = native.cudaCount();
    if (state.count === 0) state.reason = 'The CUDA driver reports no device.';
  }
  return state;
}

function openCuda(): string | null {
  if (!existsSync('/dev/nvidiactl') && !existsSync('/dev/dxg')) return 'This machine has no NVIDIA device.';
  const dirs = buildConfig()?.libDirs ?? [];
  const library = dirs.map((dir) => join(dir, 'libtorch_cuda.so')).find(existsSync);
  if (!library)
    return `This libtorch has no CUDA part (libtorch_cuda.so is not in ${dirs.join(', ') || 'its folder'}).`;
  const reason = native.loadLibrary(library);
  return reason === null ? null : `libtorch_cuda.so could not be opened: ${reason}`;
}

/** `auto` becomes cuda:0 where there is a GPU, else cpu. @throws UserError when a named device is absent */
export function resolveDevice(name: string): string {
  if (name === 'auto') return cuda().count > 0 ? 'cuda:0' : 'cpu';
  if (name === 'cpu') return name;
  const match = /^cuda(?::(\d+))?$/.exec(name);
  if (!match) throw expected('cpu, cuda, cuda:N or auto', 'device', name);
  const { count, reason } = cuda();
  const index = Number(match[1] ?? 0);
  if (index >= count) throw expected(count > 0 ? `cuda:0 to cuda:${count - 1}` : 'cpu', 'device', name, reason ?? '');
  return `cuda:${index}`;
}

/** Makes a GPU the one that is meant where none is named: of several processes each then keeps off the others' GPUs. */
export function useDevice(device: string): void {
  if (device !== 'cpu') native.setDevice(device);
}

/** Waits until everything that was queued on the device is done. */
export function synchronize(device: string): void {
  if (device !== 'cpu') native.synchronize(device);
}

/** Bytes held by libtorch's allocator on a CUDA device: now, and at most since `resetPeakMemory`. */
export function memoryStats(device: string): {
  allocated: number;
  peak: number;
  reserved: number;
  reservedPeak: number;
} {
  return { allocated: 0, peak: 0, reserved: 0, reservedPeak: 0, ...native.memoryStats(device) };
}

export function resetPeakMemory(device: string): void {
  native.resetPeak(device);
}

/** Gives cached blocks back to the driver. */
export function emptyCache(device: string): void {
  native.emptyCache(device);
}

/** Name, total memory in bytes, driver version (13000 is 13.0) and the driver's own id (32 hex digits) of GPU `index`. */
export function deviceInfo(index: number): { name: string; total: number; driver: number; uuid: string } {
  return native.deviceInfo(index);
}

/** CPU threads of libtorch. */
export function setThreads(count: number): void {
  native.setThreads(count);
}
export function threads(): number {
  return native.getThreads();
}

/**
 * Switches that trade exactness for speed: `tf32` (off by default), `deterministic` (where an operator can be; others warn),
 * `repeatable` (the same, attention included; operators that cannot are errors), `cudnnBenchmark`. cuBLAS is repeatable only
 * where CUBLAS_WORKSPACE_CONFIG is set before its first call, which `repeatable` sees to.
 */
export function setNumerics(name: 'tf32' | 'deterministic' | 'repeatable' | 'cudnnBenchmark', on: boolean): void {
  if (name === 'repeatable' && on) process.env.CUBLAS_WORKSPACE_CONFIG ??= ':4096:8';
  native.setNumerics(name, on);
}

export function version(): string {
  return native.version();
}
