import { expected } from '@motion-enhancer/support';
import { B } from './bound.js';
import { codeOfDtype, DTYPES, type DType, dtypeOfArray, type TypedArray } from './dtype.js';
import { native } from './native.js';
import { Tensor } from './tensor.js';

/** Numbers nested in arrays, as in `tensor([[1, 2], [3, 4]])`. */
export type Nested = number | boolean | readonly Nested[];

/** Elements as a typed array of the tensor's dtype (half floats as Float32Array, bool as Uint8Array). */
export function readValues(tensor: Tensor): TypedArray {
  const { dtype } = tensor;
  const temporary: Tensor[] = [];
  const step = (t: Tensor): Tensor => {
    temporary.push(t);
    return t;
  };
  try {
    let source = tensor;
    if (source.requiresGrad) source = step(source.detach());
    if (dtype === 'float16' || dtype === 'bfloat16') source = step(source.to('float32'));
    if (source.device !== 'cpu') source = step(source.to('cpu'));
    source = step(source.contiguous());
    const out = allocate(dtype, tensor.numel);
    native.copyOut(source.slot, out);
    return out;
  } finally {
    for (const t of temporary) t.dispose();
  }
}

function allocate(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
    case 'float16':
    case 'bfloat16':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'int8':
      return new Int8Array(length);
    case 'uint8':
    case 'bool':
      return new Uint8Array(length);
    default:
      throw expected(`one of ${Object.keys(DTYPES).join(', ')}`, 'dtype', dtype);
  }
}

/** Bytes of a contiguous CPU tensor, without a copy: valid as long as the returned array lives. Do not write to it. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const view = native.view(tensor.slot);
  if (view) return new Uint8Array(view);
  const out = new Uint8Array(tensor.numel * DTYPES[tensor.dtype].bytes);
  native.copyOut(tensor.slot, out);
  return out;
}

/**
 * A tensor over the memory of a typed array, without a copy: writes on either side show on the other.
 * @param shape sizes; one dimension by default
 */
export function fromTypedArray(
  data: TypedArray,
  shape: readonly number[] = [data.length],
  dtype: DType = dtypeOfArray(data),
): Tensor {
  return new Tensor(native.fromBytes(data, codeOfDtype(dtype), shape, true));
}

export interface TensorOptions {
  dtype?: DType;
  device?: string;
  requiresGrad?: boolean;
}

/**
 * A new tensor from numbers, nested arrays or a typed array (copied).
 * Plain numbers become float32, or int64 / bool when `dtype` says so; booleans become bool.
 * @throws UserError when the rows of nested arrays differ in length
 */
export function tensor(data: Nested | TypedArray, options: TensorOptions & { shape?: readonly number[] } = {}): Tensor {
  const made = ArrayBuffer.isView(data)
    ? fromArray(data as TypedArray, options.shape)
    : fromNested(data as Nested, options);
  return finish(made, options);
}

function fromArray(data: TypedArray, shape: readonly number[] = [data.length]): Tensor {
  return new Tensor(native.fromBytes(data, codeOfDtype(dtypeOfArray(data)), shape, false));
}

function fromNested(data: Nested, options: TensorOptions & { shape?: readonly number[] }): Tensor {
  const shape: number[] = [];
  for (let level: Nested | undefined = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: (number | boolean)[] = [];
  const walk = (value: Nested, depth: number): void => {
    if (!Array.isArray(value)) {
      if (depth !== shape.length) throw expected('nested arrays of equal lengths', 'data', 'a ragged array');
      flat.push(value as number | boolean);
      return;
    }
    if (depth >= shape.length || value.length !== shape[depth])
      throw expected('nested arrays of equal lengths', 'data', 'a ragged array');
    for (const item of value) walk(item, depth + 1);
  };
  walk(data, 0);
  const boolean = flat.length > 0 && typeof flat[0] === 'boolean';
  const wanted = options.dtype ?? (boolean ? 'bool' : 'float32');
  const sizes = options.shape ?? shape;
  const native_ = (array: TypedArray, dtype: DType) =>
    new Tensor(native.fromBytes(array, codeOfDtype(dtype), sizes, false));
  if (wanted === 'bool')
    return native_(
      Uint8Array.from(flat, (v) => (v ? 1 : 0)),
      'bool',
    );
  if (wanted === 'int64')
    return native_(
      BigInt64Array.from(flat, (v) => BigInt(v)),
      'int64',
    );
  // float64 holds every value of the smaller dtypes exactly.
  return native_(Float64Array.from(flat, Number), 'float64').to(wanted);
}

/** @internal Moves to the device and sets requiresGrad. */
export function finish(made: Tensor, options: TensorOptions): Tensor {
  let result = made;
  if (options.dtype && result.dtype !== options.dtype) result = result.to(options.dtype);
  // The driver takes a copy of ordinary memory before it returns: there is no need to wait for the device.
  if (options.device && options.device !== 'cpu')
    result = new Tensor(B.to(result.slot, undefined, undefined, options.device, undefined, true));
  if (options.requiresGrad) result.requiresGrad_();
  if (result !== made) made.dispose();
  return result;
}
