import { expected } from '@motion-enhancer/support';

/** Element types, by their PyTorch names. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

interface DTypeInfo {
  /** c10::ScalarType */
  code: number;
  bytes: number;
  floating: boolean;
}

/** Codes are those of c10/core/ScalarType.h: part of the file formats of PyTorch, so they do not change. */
export const DTYPES: Readonly<Record<DType, DTypeInfo>> = {
  uint8: { code: 0, bytes: 1, floating: false },
  int8: { code: 1, bytes: 1, floating: false },
  int16: { code: 2, bytes: 2, floating: false },
  int32: { code: 3, bytes: 4, floating: false },
  int64: { code: 4, bytes: 8, floating: false },
  float16: { code: 5, bytes: 2, floating: true },
  float32: { code: 6, bytes: 4, floating: true },
  float64: { code: 7, bytes: 8, floating: true },
  bool: { code: 11, bytes: 1, floating: false },
  bfloat16: { code: 15, bytes: 2, floating: true },
};

const BY_CODE = new Map<number, DType>(Object.entries(DTYPES).map(([name, info]) => [info.code, name as DType]));

/** The name of a c10::ScalarType code; types without a name here show as `scalar_type_N`. */
export function dtypeOfCode(code: number): DType {
  return BY_CODE.get(code) ?? (`scalar_type_${code}` as DType);
}

/** The c10::ScalarType code of a name. */
export function codeOfDtype(dtype: DType): number {
  const info = DTYPES[dtype];
  if (!info) throw expected(`one of ${Object.keys(DTYPES).join(', ')}`, 'dtype', dtype);
  return info.code;
}

export function isFloating(dtype: DType): boolean {
  return DTYPES[dtype]?.floating ?? false;
}

/** Typed arrays that carry a dtype of their own. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** The dtype that a typed array holds. */
export function dtypeOfArray(array: TypedArray): DType {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof BigInt64Array) return 'int64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Int16Array) return 'int16';
  if (array instanceof Int8Array) return 'int8';
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return 'uint8';
  throw expected('a typed array of a dtype that libtorch has', 'data', Object.prototype.toString.call(array));
}
