import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { UserError } from '@motion-enhancer/support';
import { LibtorchError, OutOfMemoryError } from './errors.js';

/** A JavaScript function of one prepared operator: slots and plain values in, slots and plain values out. */
export type NativeOperator = (...args: any[]) => any;

/** What native/*.cc exports; every tensor is an integer slot here. */
export interface Native {
  freeBuffer: ArrayBuffer;
  metaBuffer: ArrayBuffer;
  setErrorFactory(factory: (code: string, message: string) => Error): void;
  /** Releases what scopes wrote into `freeBuffer`; every other call does so first. */
  flush(): void;
  alias(slot: number): number;
  liveTensors(): number;
  liveBytes(deviceType: number): number;
  setThreads(count: number): void;
  getThreads(): number;
  version(): string;
  bind(name: string, overload: string): NativeOperator;
  bindAsync(name: string, overload: string): NativeOperator;
  operators(): string[];
  schema(name: string, overload: string): NativeSchema;
  meta(slot: number): void;
  fromBytes(data: ArrayBufferView, dtype: number, shape: readonly number[], share: boolean): number;
  copyOut(slot: number, target: ArrayBufferView): void;
  view(slot: number): ArrayBuffer | undefined;
  item(slot: number): number | bigint | boolean;
  dataKey(slot: number): number;
  setGradEnabled(on: boolean): boolean;
  isGradEnabled(): boolean;
  requiresGrad(slot: number): boolean;
  leafGrad(slot: number): number | null;
  setLeafGrad(slot: number, gradient: number | null): void;
  differentiate: Differentiate<(number | null)[]>;
  differentiateAsync: Differentiate<Promise<(number | null)[]>>;
  /** Of a binding that was compiled before there was this call: undefined. */
  endOnSecondSignal?(): void;
  manualSeed(seed: number | bigint): void;
  newGenerator(device: string, seed: number | bigint): number;
  freeGenerator(handle: number): void;
  generatorState(generator: number | string): number;
  setGeneratorState(generator: number | string, state: number): void;
  loadLibrary(path: string): string | null;
  cudaCount(): number;
  synchronize(device: string): void;
  setDevice(device: string): void;
  newStream(device: string): number;
  exchangeStream(device: string, id: number): number;
  waitForStream(device: string, id: number, other: number): void;
  deviceInfo(index: number): { name: string; total: number; driver: number; uuid: string };
  memoryStats(device: string): { allocated?: number; peak?: number; reserved?: number; reservedPeak?: number };
  resetPeak(device: string): void;
  emptyCache(device: string): void;
  setNumerics(name: string, on: boolean): void;
  /** Fills a contiguous CUDA tensor with a file's bytes from `offset` on, by several threads. */
  fileToDevice(path: string, offset: number, slot: number, threads: number): void;
  /** The same of a CPU tensor, by one. Of a binding that was compiled before there was this call: undefined. */
  fileToMemory?(path: string, offset: number, slot: number): void;
  /** Gives the pinned memory of `fileToDevice` back. */
  freeStaging(): void;
  cudaArchitecture(index: number): number;
  cudaSharedMemory(index: number): number;
  compileCuda(source: string, options: string[], dirs: string[]): { cubin: ArrayBuffer | null; log: string };
  loadCudaKernel(cubin: ArrayBuffer, name: string, device: number): number;
  launchCudaKernel(handle: number, shape: number[], kinds: string, values: (number | bigint)[]): void;
  freeCudaKernel(handle: number): void;
  /** Makes the stream on which CUDA graphs are captured libtorch's current one, or the default stream again. */
  useGraphStream(device: number, on: boolean): void;
  beginCapture(device: number): void;
  endCapture(device: number): number;
  launchGraph(handle: number): void;
  freeGraph(handle: number): void;
  /** The promises from here to `closeGroup` keep no process alive, and some may never settle: hold a timer while waiting. A port of -1 names a file. */
  openStore(
    hostOrPath: string,
    port: number,
    serve: boolean,
    prefix: string,
    size: number,
    timeoutMs: number,
  ): Promise<number>;
  storeSet(store: number, key: string, text: string): Promise<void>;
  storeGet(store: number, key: string): Promise<string | null>;
  storeAdd(store: number, key: string, by: number): Promise<number>;
  storeDelete(store: number, key: string): Promise<void>;
  createGroup(
    store: number,
    name: string,
    rank: number,
    size: number,
    nccl: boolean,
    timeoutMs: number,
    networkInterface: string,
    host: string,
  ): Promise<void>;
  waitTensor(slot: number): Promise<void>;
  closeGroup(name: string): Promise<void>;
  closeStore(store: number): void;
  hasNccl(): boolean;
  customAutogradFunction(
    inputs: readonly number[],
    outputs: readonly number[],
    steps: readonly (readonly [handle: number, shape: number[], kinds: string, values: (number | bigint)[]])[],
  ): void;
}

/** Arguments of the binding's `differentiate`, in its order. */
type DifferentiateArguments = [
  accumulate: boolean,
  outputs: number[],
  inputs: number[],
  gradOutputs: (number | null)[] | null,
  retainGraph: boolean,
  createGraph: boolean,
  allowUnused: boolean,
];
type Differentiate<R> = (...args: DifferentiateArguments) => R;

export interface NativeSchema {
  /** [name, kind, optional, hasDefault, keywordOnly, type] */
  arguments: [string, number, boolean, boolean, boolean, string][];
  returns: number[];
  returnsArgument: boolean;
}

/** Where the compiled binding lies: `LIBTORCH_NODE_BINDING`, else native/build of this checkout or bundle. */
export function bindingPath(): string {
  return (
    process.env.LIBTORCH_NODE_BINDING ??
    fileURLToPath(new URL('../../../native/build/libtorch_node.node', import.meta.url))
  );
}

/**
 * Idle threads of libtorch's pool (libgomp) spin for milliseconds before they sleep. Where processes share the cores, they
 * then spin while the one they wait for is not running: the demo took ten times as long beside another job (docs/decisions/2026-11-26-idle-threads.md).
 * A short spin costs nothing that was measured on idle cores. libgomp reads this when it is loaded; what the user set stays.
 */
function spinBriefly(): void {
  if (process.env.GOMP_SPINCOUNT === undefined && process.env.OMP_WAIT_POLICY === undefined)
    process.env.GOMP_SPINCOUNT = '1000';
}

function load(): Native {
  const path = bindingPath();
  if (!existsSync(path)) {
    throw new UserError(
      `The libtorch binding has not been built: ${path} does not exist. Run \`npm run setup\` (or \`make test\`).`,
      { code: 'ERR_BINDING' },
    );
  }
  spinBriefly();
  try {
    return createRequire(import.meta.url)(path) as Native;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `The libtorch binding could not be loaded: ${reason.split('\n')[0]}. Run \`npm run setup\` to build it for the libtorch of this machine.`,
      { code: 'ERR_BINDING', cause },
    );
  }
}

/** The binding; loading it loads libtorch (about 0.4 s on a cold start). */
export const native: Native = load();

// TF32 rounds float32 products to 10 bits: never unless asked for (`setNumerics`).
native.setNumerics('tf32', false);

native.setErrorFactory((code, message) => {
  const error = code === 'ERR_OUT_OF_MEMORY' ? new OutOfMemoryError(message) : new LibtorchError(message);
  error.code = code;
  return error;
});
