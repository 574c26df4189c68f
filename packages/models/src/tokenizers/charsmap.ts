/**
 * sentencepiece's `precompiled_charsmap`: u32 size of the trie in bytes, the trie (a darts-clone double array of u32
 * units whose values are offsets into the strings), then NUL-terminated replacement strings.
 * [source: google/sentencepiece src/normalizer.cc; s-yata/darts-clone]
 */
export class Charsmap {
  readonly #units: Uint32Array;
  readonly #strings: Uint8Array;
  readonly #replacements = new Map<number, string>();
  /** Bytes of the last match. */
  matched = 0;

  /** @throws RangeError if the bytes are not a charsmap. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = bytes.length >= 4 ? view.getUint32(0, true) : 0;
    if (size < 1024 || size % 4 !== 0 || size > bytes.length - 4) {
      throw new RangeError(`its charsmap of ${bytes.length} bytes claims a trie of ${size} bytes`);
    }
    this.#units = new Uint32Array(size / 4);
    for (let i = 0; i < this.#units.length; i++) this.#units[i] = view.getUint32(4 + 4 * i, true);
    this.#strings = bytes.subarray(4 + size);
  }

  /** Replacement of the longest rule that starts at `at` (sets `matched`), or undefined. */
  replacement(input: Uint8Array, at: number): string | undefined {
    const units = this.#units;
    let found = -1;
    let node = childBase(0, units[0]!);
    for (let i = at; i < input.length; i++) {
      node ^= input[i]!;
      // Outside of the array (broken file) `unit` is undefined: treated as no child.
      const unit = units[node];
      if (unit === undefined || (unit & 0x800000ff) !== input[i]) break;
      node = childBase(node, unit);
      if (((unit >>> 8) & 1) === 1) {
        found = (units[node] ?? 0) & 0x7fffffff;
        this.matched = i + 1 - at;
      }
    }
    return found < 0 ? undefined : this.#string(found);
  }

  #string(offset: number): string {
    let text = this.#replacements.get(offset);
    if (text === undefined) {
      const end = this.#strings.indexOf(0, offset);
      text = new TextDecoder().decode(this.#strings.subarray(offset, end < 0 ? this.#strings.length : end));
      this.#replacements.set(offset, text);
    }
    return text;
  }
}

function childBase(node: number, unit: number): number {
  return node ^ ((unit >>> 10) << ((unit & 0x200) >>> 6));
}
