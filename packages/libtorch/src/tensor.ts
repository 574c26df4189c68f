import { B } from './bound.js';
import { codeOfDtype, type DType, dtypeOfCode, isFloating } from './dtype.js';
import { native } from './native.js';
import { formatTensor } from './print.js';
import { release, type Scope, track } from './scope.js';
import { type Nested, readValues } from './transfer.js';

const META = new Float64Array(native.metaBuffer);
const DEVICE_TYPES: Record<number, string> = { 0: 'cpu', 1: 'cuda', 14: 'meta' };

interface Meta {
  dtype: DType;
  device: string;
  shape: readonly number[];
}

/** A tensor or what can stand for one in arithmetic. */
export type Operand = Tensor | number;

const w = (slot: number): Tensor => new Tensor(slot);

/**
 * A libtorch tensor. Methods have PyTorch's names and meaning; dimensions may be negative.
 * It lives until the scope that it was made in closes, or until `dispose()`.
 */
export class Tensor {
  /** @internal The binding's index of this tensor; -1 once freed. */
  slot: number;
  /** @internal */
  owner: Scope | null = null;
  #meta: Meta | null = null;

  /** @internal Use factories such as `tensor`, `zeros`, `randn`. */
  constructor(slot: number) {
    this.slot = slot;
    track(this);
  }

  // ---- what it is
  #read(): Meta {
    if (this.#meta) return this.#meta;
    native.meta(this.slot);
    const dim = META[5]!;
    const type = META[1]!;
    const name = DEVICE_TYPES[type] ?? `device_type_${type}`;
    this.#meta = {
      dtype: dtypeOfCode(META[0]!),
      device: type === 0 || META[2]! < 0 ? name : `${name}:${META[2]}`,
      shape: Array.from(META.subarray(6, 6 + dim)),
    };
    return this.#meta;
  }
  /** @internal In-place operators may change the shape. */
  forgetMeta(): this {
    this.#meta = null;
    return this;
  }
  get shape(): readonly number[] {
    return this.#read().shape;
  }
  get dtype(): DType {
    return this.#read().dtype;
  }
  /** Whether its memory is given back: by `dispose()` or by its scope's end. */
  get disposed(): boolean {
    return this.slot < 0;
  }
  /** `cpu`, `cuda:0`, … */
  get device(): string {
    return this.#read().device;
  }
  get dim(): number {
    return this.#read().shape.length;
  }
  get numel(): number {
    return this.#read().shape.reduce((a, b) => a * b, 1);
  }
  /** Size of one dimension; negative counts from the end. */
  size(dim: number): number {
    const s = this.shape;
    return s[dim < 0 ? dim + s.length : dim]!;
  }
  get strides(): number[] {
    native.meta(this.slot);
    const dim = META[5]!;
    return Array.from(META.subarray(6 + dim, 6 + 2 * dim));
  }
  get isContiguous(): boolean {
    native.meta(this.slot);
    return META[4] === 1;
  }
  get isFloating(): boolean {
    return isFloating(this.dtype);
  }
  get isCuda(): boolean {
    return this.device.startsWith('cuda');
  }
  get isDisposed(): boolean {
    return this.slot < 0;
  }

  /** Frees the tensor now. Safe to call twice. */
  dispose(): void {
    release(this);
  }

  // ---- gradients
  get requiresGrad(): boolean {
    return native.requiresGrad(this.slot);
  }
  requiresGrad_(on = true): this {
    B.requiresGrad_(this.slot, on);
    return this;
  }
  get isLeaf(): boolean {
    return B.isLeaf(this.slot);
  }
  /** The gradient accumulated in a leaf: a new handle on the same memory, or null. */
  get grad(): Tensor | null {
    const slot = native.leafGrad(this.slot);
    return slot === null ? null : w(slot);
  }
  set grad(value: Tensor | null) {
    native.setLeafGrad(this.slot, value?.slot ?? null);
  }
  detach(): Tensor {
    return w(B.detach(this.slot));
  }

  // ---- values out
  /** The value of a one-element tensor (int64 beyond 2^53 loses digits here; see `toArray`). */
  item(): number {
    return Number(native.item(this.slot));
  }
  /** Elements in row-major order. bfloat16 and float16 come as Float32Array, bool as Uint8Array, int64 as BigInt64Array. */
  toTypedArray() {
    return readValues(this);
  }
  /** Float32Array of any dtype's values. */
  toFloat32Array(): Float32Array {
    return this.to('float32').toTypedArray() as Float32Array;
  }
  /** Plain numbers, flat, row-major. */
  toArray(): number[] {
    return Array.from(this.toTypedArray() as ArrayLike<number | bigint>, Number);
  }
  /** Nested arrays of the tensor's shape. */
  tolist(): Nested {
    const flat = this.toArray();
    const nest = (dims: readonly number[], from: number): Nested => {
      if (dims.length === 0) return flat[from]!;
      const step = dims.slice(1).reduce((a, b) => a * b, 1);
      return Array.from({ length: dims[0]! }, (_, i) => nest(dims.slice(1), from + i * step));
    };
    return nest(this.shape, 0);
  }
  toString(): string {
    return formatTensor(this);
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  // ---- dtype, device, memory
  /** A dtype (`float32`) or a device (`cuda:0`); itself when nothing changes. */
  to(target: DType | (string & {}), device?: string): Tensor {
    const names = device === undefined ? [target] : [target, device];
    let dtype: number | undefined;
    let place: string | undefined;
    for (const name of names) {
      if (/^(cpu|cuda|meta)(:\d+)?$/.test(name)) place = name;
      else dtype = codeOfDtype(name as DType);
    }
    return w(place === undefined ? B.toDtype(this.slot, dtype) : B.to(this.slot, dtype, undefined, place));
  }
  float(): Tensor {
    return this.to('float32');
  }
  long(): Tensor {
    return this.to('int64');
  }
  cpu(): Tensor {
    return this.to('cpu');
  }
  contiguous(): Tensor {
    return w(B.contiguous(this.slot));
  }
  clone(): Tensor {
    return w(B.clone(this.slot));
  }
  /** Reinterprets the bytes as another dtype. */
  viewAs(dtype: DType): Tensor {
    return w(B.viewDtype(this.slot, codeOfDtype(dtype)));
  }

  // ---- arithmetic
  add(o: Operand, alpha?: number): Tensor {
    // An argument left out crosses into C++ faster than one that is undefined.
    if (alpha === undefined) return w(typeof o === 'number' ? B.addS(this.slot, o) : B.add(this.slot, o.slot));
    return w(typeof o === 'number' ? B.addS(this.slot, o, alpha) : B.add(this.slot, o.slot, alpha));
  }
  sub(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.subS(this.slot, o) : B.sub(this.slot, o.slot));
  }
  /** o − this */
  rsub(o: number): Tensor {
    return w(B.rsubS(this.slot, o));
  }
  mul(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.mulS(this.slot, o) : B.mul(this.slot, o.slot));
  }
  div(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.divS(this.slot, o) : B.div(this.slot, o.slot));
  }
  pow(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.powS(this.slot, o) : B.powT(this.slot, o.slot));
  }
  add_(o: Operand, alpha?: number): this {
    if (alpha !== undefined) typeof o === 'number' ? B.addS_(this.slot, o, alpha) : B.add_(this.slot, o.slot, alpha);
    else typeof o === 'number' ? B.addS_(this.slot, o) : B.add_(this.slot, o.slot);
    return this;
  }
  sub_(o: Operand): this {
    typeof o === 'number' ? B.subS_(this.slot, o) : B.sub_(this.slot, o.slot);
    return this;
  }
  mul_(o: Operand): this {
    typeof o === 'number' ? B.mulS_(this.slot, o) : B.mul_(this.slot, o.slot);
    return this;
  }
  div_(o: Operand): this {
    typeof o === 'number' ? B.divS_(this.slot, o) : B.div_(this.slot, o.slot);
    return this;
  }
  copy_(o: Tensor): this {
    B.copy_(this.slot, o.slot);
    return this;
  }
  fill_(value: number): this {
    B.fill_(this.slot, value);
    return this;
  }
  zero_(): this {
    B.zero_(this.slot);
    return this;
  }
  neg(): Tensor {
    return w(B.neg(this.slot));
  }
  abs(): Tensor {
    return w(B.abs(this.slot));
  }
  exp(): Tensor {
    return w(B.exp(this.slot));
  }
  log(): Tensor {
    return w(B.log(this.slot));
  }
  sqrt(): Tensor {
    return w(B.sqrt(this.slot));
  }
  rsqrt(): Tensor {
    return w(B.rsqrt(this.slot));
  }
  square(): Tensor {
    return w(B.square(this.slot));
  }
  reciprocal(): Tensor {
    return w(B.reciprocal(this.slot));
  }
  sin(): Tensor {
    return w(B.sin(this.slot));
  }
  cos(): Tensor {
    return w(B.cos(this.slot));
  }
  tanh(): Tensor {
    return w(B.tanh(this.slot));
  }
  sigmoid(): Tensor {
    return w(B.sigmoid(this.slot));
  }
  floor(): Tensor {
    return w(B.floor(this.slot));
  }
  round(): Tensor {
    return w(B.round(this.slot));
  }
  relu(): Tensor {
    return w(B.relu(this.slot));
  }
  silu(): Tensor {
    return w(B.silu(this.slot));
  }
  gelu(approximate: 'none' | 'tanh' = 'none'): Tensor {
    return w(B.gelu(this.slot, approximate));
  }
  clamp(min: number | null, max: number | null = null): Tensor {
    return w(B.clamp(this.slot, min, max));
  }
  softmax(dim: number, dtype?: DType): Tensor {
    return w(B.softmax(this.slot, dim, dtype && codeOfDtype(dtype)));
  }
  logSoftmax(dim: number, dtype?: DType): Tensor {
    return w(B.logSoftmax(this.slot, dim, dtype && codeOfDtype(dtype)));
  }
  matmul(o: Tensor): Tensor {
    return w(B.matmul(this.slot, o.slot));
  }
  bmm(o: Tensor): Tensor {
    return w(B.bmm(this.slot, o.slot));
  }

  // ---- comparison
  eq(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.eqS(this.slot, o) : B.eq(this.slot, o.slot));
  }
  ne(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.neS(this.slot, o) : B.ne(this.slot, o.slot));
  }
  lt(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.ltS(this.slot, o) : B.lt(this.slot, o.slot));
  }
  le(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.leS(this.slot, o) : B.le(this.slot, o.slot));
  }
  gt(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.gtS(this.slot, o) : B.gt(this.slot, o.slot));
  }
  ge(o: Operand): Tensor {
    return w(typeof o === 'number' ? B.geS(this.slot, o) : B.ge(this.slot, o.slot));
  }
  logicalAnd(o: Tensor): Tensor {
    return w(B.and(this.slot, o.slot));
  }
  logicalOr(o: Tensor): Tensor {
    return w(B.or(this.slot, o.slot));
  }
  logicalNot(): Tensor {
    return w(B.not(this.slot));
  }
  maskedFill(mask: Tensor, value: number): Tensor {
    return w(B.maskedFill(this.slot, mask.slot, value));
  }
  isfinite(): Tensor {
    return w(B.isfinite(this.slot));
  }
  isnan(): Tensor {
    return w(B.isnan(this.slot));
  }
  any(): Tensor {
    return w(B.any(this.slot));
  }
  all(): Tensor {
    return w(B.all(this.slot));
  }

  // ---- reduction; without a dimension: over all
  sum(dim?: number | readonly number[], keepdim = false): Tensor {
    return w(
      dim === undefined ? B.sum(this.slot) : B.sumDim(this.slot, typeof dim === 'number' ? [dim] : dim, keepdim),
    );
  }
  mean(dim?: number | readonly number[], keepdim = false): Tensor {
    return w(
      dim === undefined ? B.mean(this.slot) : B.meanDim(this.slot, typeof dim === 'number' ? [dim] : dim, keepdim),
    );
  }
  /** Standard deviation; `correction` 0 is the population's, 1 the sample's. */
  std(dim?: number | readonly number[], correction = 1, keepdim = false): Tensor {
    return w(B.std(this.slot, dim === undefined ? null : typeof dim === 'number' ? [dim] : dim, correction, keepdim));
  }
  max(): Tensor {
    return w(B.max(this.slot));
  }
  min(): Tensor {
    return w(B.min(this.slot));
  }
  amax(dim: number | readonly number[], keepdim = false): Tensor {
    return w(B.amax(this.slot, typeof dim === 'number' ? [dim] : dim, keepdim));
  }
  amin(dim: number | readonly number[], keepdim = false): Tensor {
    return w(B.amin(this.slot, typeof dim === 'number' ? [dim] : dim, keepdim));
  }
  argmax(dim: number | null = null, keepdim = false): Tensor {
    return w(B.argmax(this.slot, dim, keepdim));
  }
  argmin(dim: number | null = null, keepdim = false): Tensor {
    return w(B.argmin(this.slot, dim, keepdim));
  }
  logsumexp(dim: number | readonly number[], keepdim = false): Tensor {
    return w(B.logsumexp(this.slot, typeof dim === 'number' ? [dim] : dim, keepdim));
  }
  /** Vector norm (2 by default) over all elements or the named dimensions. */
  norm(ord = 2, dim: readonly number[] | null = null, keepdim = false): Tensor {
    return w(B.norm(this.slot, ord, dim, keepdim));
  }
  cumsum(dim: number): Tensor {
    return w(B.cumsum(this.slot, dim));
  }
  topk(k: number, dim = -1, largest = true): [Tensor, Tensor] {
    const [v, i] = B.topk(this.slot, k, dim, largest);
    return [w(v), w(i)];
  }
  /** Stable sort: values and indices. */
  sort(dim = -1, descending = false): [Tensor, Tensor] {
    const [v, i] = B.sort(this.slot, true, dim, descending);
    return [w(v), w(i)];
  }

  // ---- shape
  view(...shape: number[]): Tensor {
    return w(B.view(this.slot, shape));
  }
  reshape(...shape: number[]): Tensor {
    return w(B.reshape(this.slot, shape));
  }
  permute(...dims: number[]): Tensor {
    return w(B.permute(this.slot, dims));
  }
  transpose(a: number, b: number): Tensor {
    return w(B.transpose(this.slot, a, b));
  }
  flatten(start = 0, end = -1): Tensor {
    return w(B.flatten(this.slot, start, end));
  }
  unflatten(dim: number, sizes: readonly number[]): Tensor {
    return w(B.unflatten(this.slot, dim, sizes));
  }
  squeeze(dim: number): Tensor {
    return w(B.squeeze(this.slot, dim));
  }
  unsqueeze(dim: number): Tensor {
    return w(B.unsqueeze(this.slot, dim));
  }
  expand(...shape: number[]): Tensor {
    return w(B.expand(this.slot, shape));
  }
  repeat(...times: number[]): Tensor {
    return w(B.repeat(this.slot, times));
  }
  repeatInterleave(times: number, dim: number): Tensor {
    return w(B.repeatInterleave(this.slot, times, dim));
  }
  flip(...dims: number[]): Tensor {
    return w(B.flip(this.slot, dims));
  }
  roll(shifts: readonly number[], dims: readonly number[]): Tensor {
    return w(B.roll(this.slot, shifts, dims));
  }
  tril(diagonal = 0): Tensor {
    return w(B.tril(this.slot, diagonal));
  }
  triu(diagonal = 0): Tensor {
    return w(B.triu(this.slot, diagonal));
  }

  // ---- parts
  select(dim: number, index: number): Tensor {
    return w(B.select(this.slot, dim, index));
  }
  /** Python's `start:end:step` along one dimension. */
  slice(dim: number, start: number | null = null, end: number | null = null, step = 1): Tensor {
    return w(B.slice(this.slot, dim, start, end, step));
  }
  narrow(dim: number, start: number, length: number): Tensor {
    return w(B.narrow(this.slot, dim, start, length));
  }
  indexSelect(dim: number, index: Tensor): Tensor {
    return w(B.indexSelect(this.slot, dim, index.slot));
  }
  /** Advanced indexing, null for a full slice: `x.index([null, i])` is `x[:, i]`. */
  index(indices: readonly (Tensor | null)[]): Tensor {
    return w(
      B.index(
        this.slot,
        indices.map((i) => i?.slot ?? null),
      ),
    );
  }
  gather(dim: number, index: Tensor): Tensor {
    return w(B.gather(this.slot, dim, index.slot));
  }
  chunk(chunks: number, dim = 0): Tensor[] {
    return (B.chunk(this.slot, chunks, dim) as number[]).map(w);
  }
  split(size: number | readonly number[], dim = 0): Tensor[] {
    return ((typeof size === 'number' ? B.split : B.splitSizes)(this.slot, size, dim) as number[]).map(w);
  }
  unbind(dim = 0): Tensor[] {
    return (B.unbind(this.slot, dim) as number[]).map(w);
  }
}
