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

  /**
   * Puts the tokens of another cache, of one sequence, before place `length` of sequence `index`; what is before them is
   * padding. The first call makes the room for `batch` sequences.
   */
  place(index: number, batch: number, other: KVCache, length: number): void {
    for (const [layer, from] of other.#slots.entries()) {
      if (!this.#slots[layer]) this.#room(layer, length, from.k, batch);
      for (const part of ['k', 'v'] as const) {
        const to = this.#slots[layer]![part].select(0, index);
        const start = length - other.#length;
        // Nothing times what is no number is no number.
        if (start > 0) to.narrow(1, 0, start).zero_();
        to.narrow(1, start, other.#length).copy_(from[part].select(0, 0).narrow(1, 0, other.#length));
      }
    }
    this.#length = length;
  }

  /** Forgets all tokens but the first `length`. */
  rewind(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** What every layer holds, as views [B, Hkv, length, D]. */
  layers(): { k: Tensor; v: Tensor }[] {
    return this.#slots.map(({ k, v }) => ({ k: k.narrow(2, 0, this.#length), v: v.narrow(2, 0, this.#length) }));
  }

  #room(layer: number, end: number, like: Tensor, batch = like.size(0)): Slot {
    const slot = this.#slots[layer];
    if (slot && slot.k.size(2) >= end) return slot;
    const [, H, , D] = like.shape as [number, number, number, number];
    const capacity = Math.max(end, this.#reserve, slot ? 2 * slot.k.size(2) : 0);
    const make = () => keep(empty([batch, H, capacity, D], { dtype: like.dtype, device: like.device }));
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
