import { availableParallelism } from 'node:os';
import { nearestName } from '@motion-enhancer/support';
import { DTYPES } from '../dtype.js';
import { empty } from '../factories.js';
import { native } from '../native.js';
import { aten } from '../operators.js';
import { keep, scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
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
  /** The whole file as uint8, copy-on-write: writing to a tensor never changes the file. */
  #mapped: Tensor | null;

  /** @internal Use `openSafetensors`. */
  constructor(path: string, header: FileHeader) {
    this.path = path;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.#dataStart = header.dataStart;
    this.#mapped = scope(() =>
      keep(aten.from_file!(path, { shared: false, size: header.fileBytes, dtype: 'uint8' }) as Tensor),
    );
  }

  /**
   * One tensor; it belongs to the current scope. On the CPU it is a view of the memory-mapped file where its bytes are
   * aligned; to a GPU large ones are read by several threads through pinned memory, which is faster than a copy of the view.
   * @throws UserError `ERR_SAFETENSORS` for a name that the file does not hold
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
    const mapped = this.#mapped;
    if (!mapped) throw new Error(`${this.path} was closed before tensor ${name} was read from it.`);
    const { dtype, shape, begin, end } = info;
    if (begin === end) return empty(shape, { dtype, device });
    if (device !== 'cpu' && dtype !== 'bool' && end - begin >= BY_THREADS) {
      const made = empty(shape, { dtype, device });
      native.fileToDevice(this.path, this.#dataStart + begin, made.slot, THREADS);
      return made;
    }
    return scope(() => {
      let bytes = mapped.narrow(0, this.#dataStart + begin, end - begin);
      // A byte other than 0 and 1 is no bool: libtorch must not see it as one.
      if (dtype === 'bool')
        return bytes
          .ne(0)
          .reshape(...shape)
          .to(device);
      if ((this.#dataStart + begin) % DTYPES[dtype].bytes !== 0) bytes = bytes.clone();
      const tensor = bytes.viewAs(dtype).reshape(...shape);
      return device === 'cpu' ? tensor : tensor.to(device);
    });
  }

  /** Lets go of the file; safe to call twice. */
  close(): void {
    this.#mapped?.dispose();
    this.#mapped = null;
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
