import { closeSync, openSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { nearestName } from '@motion-enhancer/support';
import { DTYPES } from '../dtype.js';
import { empty } from '../factories.js';
import { native } from '../native.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { fromTypedArray } from '../transfer.js';
import type { TensorInfo } from './parse-header.js';
import { type FileHeader, readHeader } from './read-header.js';
import { safetensorsError } from './safetensors-error.js';

/** Bytes from which on threads pay. */
const BY_THREADS = 1 << 20;
const THREADS = Math.max(1, Math.min(8, availableParallelism()));

/** An open safetensors file. Tensors that were read from it stay valid after `close()`. */
export class SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #dataStart: number;
  #open = true;

  /** @internal Use `openSafetensors`. */
  constructor(path: string, header: FileHeader) {
    this.path = path;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.#dataStart = header.dataStart;
  }

  /**
   * One tensor; it belongs to the current scope, and its memory is its own: a file that is mapped, and that somebody cuts
   * or replaces while a model is used, would end the process. To a GPU large ones are read by several threads through
   * pinned memory.
   * @throws UserError `ERR_SAFETENSORS` for a name that the file does not hold, and for a file that became shorter
   */
  read(name: string, device = 'cpu'): Tensor {
    const info = this.tensors.get(name);
    if (!info) {
      const near = nearestName(name, this.tensors.keys());
      throw safetensorsError(
        this.path,
        `there is no tensor named ${name}`,
        near ? `Did you mean ${near}?` : 'Check that the checkpoint belongs to this model.',
      );
    }
    if (!this.#open) throw new Error(`${this.path} was closed before tensor ${name} was read from it.`);
    const { dtype, shape, begin, end } = info;
    if (begin === end) return empty(shape, { dtype, device });
    const at = this.#dataStart + begin;
    if (device !== 'cpu' && dtype !== 'bool' && end - begin >= BY_THREADS) {
      const made = empty(shape, { dtype, device });
      this.#reading(() => native.fileToDevice(this.path, at, made.slot, THREADS));
      return made;
    }
    return scope(() => {
      // A byte other than 0 and 1 is no bool: libtorch must not see it as one.
      if (dtype === 'bool')
        return this.#bytes(at, empty(shape, { dtype: 'uint8' }))
          .ne(0)
          .to(device);
      return this.#bytes(at, empty(shape, { dtype })).to(device);
    });
  }

  /** Fills a CPU tensor. */
  #bytes(at: number, tensor: Tensor): Tensor {
    this.#reading(() => {
      if (native.fileToMemory) native.fileToMemory(this.path, at, tensor.slot);
      else fillSlowly(this.path, at, tensor);
    });
    return tensor;
  }

  #reading(read: () => void): void {
    try {
      read();
    } catch (cause) {
      throw safetensorsError(
        this.path,
        'it cannot be read as its header says; it was changed since it was opened, or the disk fails',
        'Restore the file, then run the command again.',
        cause,
      );
    }
  }

  /** Lets go of the file; safe to call twice. */
  close(): void {
    this.#open = false;
    native.freeStaging();
  }
}

/**
 * Opens a safetensors file. The whole header is checked before anything is mapped.
 * @throws UserError `ERR_SAFETENSORS` naming the file, the tensor, what is wrong and the remedy
 */
export function openSafetensors(path: string): SafetensorsFile {
  return new SafetensorsFile(path, readHeader(path));
}

/** With a binding that was compiled before there was `fileToMemory`. */
function fillSlowly(path: string, at: number, tensor: Tensor): void {
  const bytes = new Uint8Array(tensor.numel * DTYPES[tensor.dtype].bytes);
  const fd = openSync(path, 'r');
  try {
    for (let done = 0; done < bytes.byteLength; ) {
      const count = readSync(fd, bytes, done, Math.min(bytes.byteLength - done, 1 << 30), at + done);
      if (count === 0) throw new Error('it ends too early');
      done += count;
    }
  } finally {
    closeSync(fd);
  }
  scope(() =>
    tensor.copy_(
      fromTypedArray(bytes)
        .viewAs(tensor.dtype)
        .reshape(...tensor.shape),
    ),
  );
}
