import type { DType } from '../dtype.js';

/** The format's names of the dtypes (https://github.com/huggingface/safetensors#format). */
export const DTYPE_OF_NAME: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

export const NAME_OF_DTYPE: ReadonlyMap<DType, string> = new Map(
  [...DTYPE_OF_NAME].map(([name, dtype]) => [dtype, name]),
);
