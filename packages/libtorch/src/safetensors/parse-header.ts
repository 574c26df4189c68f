import { DTYPES, type DType } from '../dtype.js';
import { DTYPE_OF_NAME } from './dtype-names.js';
import { duplicateKey } from './duplicate-key.js';
import { safetensorsError } from './safetensors-error.js';

/** What the header says of one tensor. */
export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes of the data section: [begin, end). */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  tensors: Map<string, TensorInfo>;
  metadata: Record<string, string>;
}

/**
 * Reads a header and checks all of it: JSON, names, dtypes, shapes, and that the tensors cover the data section
 * exactly, without overlap or hole.
 * @param dataBytes size of the data section
 * @throws UserError `ERR_SAFETENSORS`
 */
export function parseHeader(path: string, bytes: Uint8Array, dataBytes: number): Header {
  const raw = parseJson(path, bytes);
  const tensors = new Map<string, TensorInfo>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(raw)) {
    if (name === '__metadata__') metadata = checkMetadata(path, entry);
    else tensors.set(name, checkTensor(path, name, entry, dataBytes));
  }
  checkCoverage(path, tensors, dataBytes);
  return { tensors, metadata };
}

function parseJson(path: string, bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b)
    throw safetensorsError(path, 'the header does not begin with {, so it is not a safetensors header');
  let text: string;
  let raw: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    raw = JSON.parse(text);
  } catch (cause) {
    throw safetensorsError(path, `the header is not valid JSON (${(cause as Error).message})`, undefined, cause);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw safetensorsError(path, `the header names ${JSON.stringify(twice)} twice`);
  return raw as Record<string, unknown>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkMetadata(path: string, entry: unknown): Record<string, string> {
  if (!isObject(entry) || Object.values(entry).some((v) => typeof v !== 'string'))
    throw safetensorsError(path, '__metadata__ is not a map of strings to strings');
  return entry as Record<string, string>;
}

const isCount = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0 && !Object.is(v, -0);

function checkTensor(path: string, name: string, entry: unknown, dataBytes: number): TensorInfo {
  const wrong = (problem: string, remedy?: string) => safetensorsError(path, `tensor ${name}: ${problem}`, remedy);
  const show = (value: unknown) => JSON.stringify(value) ?? 'nothing';
  if (!isObject(entry))
    throw wrong(`expected an object with dtype, shape and data_offsets but received ${show(entry)}`);
  const { dtype: dtypeName, shape, data_offsets: offsets } = entry;
  if (typeof dtypeName !== 'string') throw wrong(`expected a dtype name but received ${show(dtypeName)}`);
  const dtype = DTYPE_OF_NAME.get(dtypeName);
  if (!dtype) {
    const known = [...DTYPE_OF_NAME.keys()].join(', ');
    throw wrong(`dtype ${dtypeName} is not supported`, `Use a checkpoint in one of ${known}, or download it again.`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount))
    throw wrong(`expected a shape of non-negative integers but received ${show(shape)}`);
  // libtorch keeps at most 64 sizes in places, and no network has more than a handful.
  if (shape.length > 64) throw wrong(`expected at most 64 dimensions but received ${shape.length}`);
  const bytes = shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, DTYPES[dtype].bytes);
  // A zero among huge sizes must not hide that the others overflow: strides are computed from them.
  const strideBytes = shape.reduce((a, b) => a * Math.max(b, 1), DTYPES[dtype].bytes);
  if (!Number.isSafeInteger(strideBytes)) throw wrong(`the shape ${show(shape)} is too large`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw wrong(`expected data_offsets of two non-negative integers but received ${show(offsets)}`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw wrong(`data_offsets ${show(offsets)} end before they begin`);
  if (end > dataBytes)
    throw wrong(`data_offsets ${show(offsets)} reach beyond the ${dataBytes} bytes of data in the file`);
  if (end - begin !== bytes)
    throw wrong(`shape ${show(shape)} of ${dtypeName} takes ${bytes} bytes but data_offsets hold ${end - begin}`);
  return { dtype, shape, begin, end };
}

function checkCoverage(path: string, tensors: Map<string, TensorInfo>, dataBytes: number): void {
  const ordered = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const [name, { begin, end }] of ordered) {
    if (begin < covered)
      throw safetensorsError(path, `tensor ${name}: its data overlaps another tensor's at byte ${begin}`);
    if (begin > covered)
      throw safetensorsError(path, `tensor ${name}: no tensor holds the data bytes ${covered} to ${begin}`);
    covered = end;
  }
  if (covered !== dataBytes)
    throw safetensorsError(path, `the file holds ${dataBytes} bytes of data but its tensors only ${covered}`);
}
