import { expected, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import { noGrad } from '../autograd.js';
import { DTYPES } from '../dtype.js';
import { native } from '../native.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { NAME_OF_DTYPE } from './dtype-names.js';

const CHUNK_BYTES = 16 * 1024 * 1024;

/** Named tensors, as a map or a plain object. */
export type NamedTensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * Writes a safetensors file, atomically: see `writeFileAtomically`. CUDA tensors are copied one at a time.
 * Larger dtypes come first, then names in order, as the reference implementation does, so that data stays aligned.
 * @throws UserError `ERR_WRITE` (disk full, no permission), `ERR_VALUE` (a dtype or name that the format lacks)
 */
export function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const entries = [...(tensors instanceof Map ? tensors : Object.entries(tensors as Record<string, Tensor>))];
  for (const [name, tensor] of entries) checkEntry(name, tensor);
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string') throw expected('a string', `metadata ${key}`, value);
  entries.sort(([a, s], [b, t]) => itemBytes(t) - itemBytes(s) || (a < b ? -1 : 1));
  const header = encodeHeader(entries, metadata);
  const total = entries.reduce((sum, [, tensor]) => sum + byteLength(tensor), header.byteLength);
  writeFileAtomically(path, total, (fd) => {
    writeFully(fd, header);
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, total));
    for (const [, tensor] of entries) writeTensor(fd, tensor, buffer);
  });
}

const itemBytes = (tensor: Tensor): number => DTYPES[tensor.dtype].bytes;
const byteLength = (tensor: Tensor): number => tensor.numel * itemBytes(tensor);

function checkEntry(name: string, tensor: Tensor): void {
  if (name === '__metadata__')
    throw expected('another name than __metadata__, which the format reserves', 'a tensor name', name);
  if (!NAME_OF_DTYPE.has(tensor.dtype))
    throw expected(`one of ${[...NAME_OF_DTYPE.keys()].join(', ')}`, `the dtype of tensor ${name}`, tensor.dtype);
}

/** u64 header size (little endian), then JSON, padded with spaces so that the data starts 8-byte aligned. */
function encodeHeader(entries: [string, Tensor][], metadata: Readonly<Record<string, string>>): Uint8Array {
  const fields: string[] = [];
  const field = (name: string, value: unknown) => fields.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (Object.keys(metadata).length > 0) field('__metadata__', metadata);
  let begin = 0;
  for (const [name, tensor] of entries) {
    const end = begin + byteLength(tensor);
    field(name, { dtype: NAME_OF_DTYPE.get(tensor.dtype), shape: tensor.shape, data_offsets: [begin, end] });
    begin = end;
  }
  const json = Buffer.from(`{${fields.join(',')}}`);
  const size = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + size, ' ');
  header.writeBigUInt64LE(BigInt(size));
  json.copy(header, 8);
  return header;
}

function writeTensor(fd: number, tensor: Tensor, buffer: Uint8Array): void {
  if (tensor.numel === 0) return;
  scope(() =>
    noGrad(() => {
      const bytes = tensor.detach().to('cpu').contiguous().reshape(-1).viewAs('uint8');
      const length = bytes.numel;
      for (let start = 0; start < length; start += buffer.byteLength) {
        const count = Math.min(buffer.byteLength, length - start);
        const chunk = bytes.narrow(0, start, count);
        const target = buffer.subarray(0, count);
        native.copyOut(chunk.slot, target);
        writeFully(fd, target);
      }
    }),
  );
}
