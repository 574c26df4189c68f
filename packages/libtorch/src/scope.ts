import { native } from './native.js';
import type { Tensor } from './tensor.js';

/**
 * Owns the tensors that are made while it runs. Closing it frees them, at once and all together.
 * `scope(body)` is the usual form; a `Scope` object serves code with `await` in it, where
 * only `run` sections may make tensors.
 */
export class Scope {
  /** @internal */ tensors: Tensor[] = [];
  #compactAt = 4096;
  #closed = false;

  /** Runs `body` with this scope as the owner of what it makes. Synchronous: what is made after an `await` is not owned. */
  run<T>(body: () => T): T {
    if (this.#closed) throw new Error('This scope is closed.');
    const before = current;
    current = this;
    try {
      return body();
    } finally {
      current = before;
    }
  }

  /** @internal Takes over a tensor. */
  adopt(tensor: Tensor): void {
    tensor.owner = this;
    this.tensors.push(tensor);
    // Tensors freed by hand leave entries behind; a long-lived scope must not grow with them.
    if (this.tensors.length >= this.#compactAt) {
      this.tensors = this.tensors.filter((t) => t.slot >= 0 && t.owner === this);
      this.#compactAt = Math.max(4096, this.tensors.length * 2);
    }
  }

  /** Frees everything this scope still owns. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const tensor of this.tensors) {
      if (tensor.owner !== this || tensor.slot < 0) continue;
      hand(tensor);
    }
    this.tensors = [];
    if (current === null) native.flush();
  }
}

/** Slots to release, as native/env.h has them: [count, …slots]. The binding empties it at the start of every call. */
const freed = new Int32Array(native.freeBuffer);
let current: Scope | null = null;

/** Marks a tensor as freed and leaves its slot to the binding's next call: no crossing, no allocation in between. */
function hand(tensor: Tensor): void {
  if (freed[0]! === freed.length - 1) native.flush();
  freed[++freed[0]!] = tensor.slot;
  tensor.slot = -1;
  tensor.owner = null;
}

// Tensors made outside every scope are freed when the collector finds them: a net, not a way to work.
const net = new FinalizationRegistry<number>((slot) => {
  looseFreed++;
  if (freed[0]! === freed.length - 1) native.flush();
  freed[++freed[0]!] = slot;
  native.flush();
});
let looseFreed = 0;

/** How many tensors the garbage collector had to free because no scope owned them. */
export function tensorsFreedByCollector(): number {
  return looseFreed;
}

/** @internal Called by the Tensor constructor. */
export function track(tensor: Tensor): void {
  if (current) current.adopt(tensor);
  else makeLoose(tensor);
}

function makeLoose(tensor: Tensor): void {
  tensor.owner = null;
  net.register(tensor, tensor.slot, tensor);
}

/** @internal Frees one tensor now. */
export function release(tensor: Tensor): void {
  if (tensor.slot < 0) return;
  if (tensor.owner === null) net.unregister(tensor);
  hand(tensor);
  if (current === null) native.flush();
}

/** Moves a tensor out of its scope: to `target`, or (null) to the caller's own care, who must `dispose()` it. */
export function keep<T>(value: T, target: Scope | null = null): T {
  for (const tensor of tensorsIn(value)) {
    if (tensor.slot < 0 || tensor.owner === target) continue;
    if (tensor.owner === null) net.unregister(tensor);
    if (target) target.adopt(tensor);
    else makeLoose(tensor);
  }
  return value;
}

/** Every tensor in a value made of arrays, plain objects, maps and sets. */
export function tensorsIn(value: unknown, found: Set<Tensor> = new Set(), seen: Set<object> = new Set()): Set<Tensor> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return found;
  if ('slot' in value && 'owner' in value) return found.add(value as Tensor);
  if (ArrayBuffer.isView(value)) return found;
  seen.add(value);
  if (Array.isArray(value) || value instanceof Set) for (const item of value) tensorsIn(item, found, seen);
  else if (value instanceof Map) for (const item of value.values()) tensorsIn(item, found, seen);
  else for (const key in value) tensorsIn((value as Record<string, unknown>)[key], found, seen);
  return found;
}

/**
 * Runs `body`; frees every tensor made inside, except those in what it returns, which pass to the scope around.
 * @throws what `body` throws, after freeing; TypeError if `body` returns a promise (use `scopeAsync`).
 */
export function scope<T>(body: () => T): T {
  const inner = new Scope();
  const outer = current;
  try {
    const result = inner.run(body);
    if (result instanceof Promise) {
      throw new TypeError(
        'scope() needs a synchronous function: use scopeAsync, and s.run() for the parts between awaits.',
      );
    }
    keepFrom(inner, result, outer);
    return result;
  } finally {
    inner.close();
  }
}

/** Like `scope` for asynchronous work: tensors belong to `s` when made inside `s.run(…)`; those returned pass to the caller's care. */
export async function scopeAsync<T>(body: (s: Scope) => Promise<T>): Promise<T> {
  const inner = new Scope();
  try {
    const result = await body(inner);
    keepFrom(inner, result, null);
    return result;
  } finally {
    inner.close();
  }
}

function keepFrom(inner: Scope, result: unknown, outer: Scope | null): void {
  if (inner.tensors.length === 0 || typeof result !== 'object' || result === null) return;
  for (const tensor of tensorsIn(result)) if (tensor.owner === inner) keep(tensor, outer);
}

/** Live tensors: what the binding holds, wherever JavaScript refers to it from. */
export function liveTensors(): number {
  return native.liveTensors();
}

/** Bytes of the distinct storages behind the live tensors. */
export function liveBytes(device: 'cpu' | 'cuda' | 'all' = 'all'): number {
  return native.liveBytes(device === 'all' ? -1 : device === 'cpu' ? 0 : 1);
}
