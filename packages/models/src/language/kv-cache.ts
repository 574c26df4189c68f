import { empty, keep, type Tensor } from '@motion-enhancer/libtorch';

interface Slot {
  k: Tensor; // [B, Hkv, capacity, D]
  v: Tensor;
}

/** Keys and values of the tokens seen so far, per layer. For inference (`noGrad`) only; free it with `dispose()`. */
export class KVCache {
  #slots: Slot[] = [];
  #length = 0;
  readonly #reserve: number;

  /** @param reserve tokens to have room for at first; it grows by doubling */
  constructor(reserve = 0) {
    this.#reserve = reserve;
  }

  /** Tokens whose keys every layer holds. */
  get length(): number {
    return this.#length;
  }

  /** Appends a layer's new keys and values [B, Hkv, n, D]; returns those of all tokens, as views. */
  append(layer: number, k: Tensor, v: Tensor): { k: Tensor; v: Tensor } {
    const n = k.size(2);
    const end = this.#length + n;
    const slot = this.#room(layer, end, k);
    slot.k.narrow(2, this.#length, n).copy_(k);
    slot.v.narrow(2, this.#length, n).copy_(v);
    return { k: slot.k.narrow(2, 0, end), v: slot.v.narrow(2, 0, end) };
  }

  /**
   * The tensors of every layer [B, Hkv, capacity, D], with room for `more` tokens after the first `length`; they stay
   * these until more room is wanted. Who writes to them calls `advance`.
   */
  reserve(length: number, more: number): readonly Slot[] {
    this.#slots.forEach((slot, layer) => {
      this.#room(layer, length + more, slot.k);
    });
    return this.#slots;
  }

  /** Called once all layers have appended `n` tokens. */
  advance(n: number): void {
    this.#length += n;
  }

  /** Forgets all tokens but the first `length`. */
  rewind(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** What every layer holds, as views [B, Hkv, length, D]. */
  layers(): { k: Tensor; v: Tensor }[] {
    return this.#slots.map(({ k, v }) => ({ k: k.narrow(2, 0, this.#length), v: v.narrow(2, 0, this.#length) }));
  }

  #room(layer: number, end: number, like: Tensor): Slot {
    const slot = this.#slots[layer];
    if (slot && slot.k.size(2) >= end) return slot;
    const [B, H, , D] = like.shape as [number, number, number, number];
    const capacity = Math.max(end, this.#reserve, slot ? 2 * slot.k.size(2) : 0);
    const make = () => keep(empty([B, H, capacity, D], { dtype: like.dtype, device: like.device }));
    const grown = { k: make(), v: make() };
    if (slot) {
      grown.k.narrow(2, 0, this.#length).copy_(slot.k.narrow(2, 0, this.#length));
      grown.v.narrow(2, 0, this.#length).copy_(slot.v.narrow(2, 0, this.#length));
      slot.k.dispose();
      slot.v.dispose();
    }
    this.#slots[layer] = grown;
    return grown;
  }

  dispose(): void {
    for (const { k, v } of this.#slots) {
      k.dispose();
      v.dispose();
    }
    this.#slots = [];
    this.#length = 0;
  }
}
