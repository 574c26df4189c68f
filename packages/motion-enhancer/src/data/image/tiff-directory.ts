/** Values of a TIFF directory (which EXIF is one of) by their tags: numbers, or bytes of what has no number type. */
export interface TiffDirectory {
  /** Whole numbers of a tag; [] where it is absent. */
  numbers(tag: number): number[];
  /** Bytes of a tag; null where it is absent. */
  bytes(tag: number): Uint8Array | null;
}

/** Bytes of a value by type: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, … */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** The first directory of a TIFF file; null for bytes that are none. */
export function tiffDirectory(file: Uint8Array): TiffDirectory | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 8) return null;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if (!little && order !== 0x4d4d) return null;
  const at = view.getUint32(4, little);
  if (at + 2 > file.length) return null;
  const entries = new Map<number, { type: number; count: number; from: number }>();
  for (let i = 0, n = view.getUint16(at, little); i < n; i++) {
    const entry = at + 2 + 12 * i;
    if (entry + 12 > file.length) return null;
    const type = view.getUint16(entry + 2, little);
    const count = view.getUint32(entry + 4, little);
    const bytes = (SIZES[type] ?? 0) * count;
    const from = bytes <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    if (bytes > 0 && from + bytes <= file.length) entries.set(view.getUint16(entry, little), { type, count, from });
  }
  return {
    numbers(tag) {
      const { type = 0, count = 0, from = 0 } = entries.get(tag) ?? {};
      const size = SIZES[type]!;
      if (size > 4) return [];
      return Array.from({ length: count }, (_, i) => {
        const place = from + i * size;
        return size === 1 ? file[place]! : size === 2 ? view.getUint16(place, little) : view.getUint32(place, little);
      });
    },
    bytes(tag) {
      const entry = entries.get(tag);
      return entry ? file.subarray(entry.from, entry.from + entry.count * SIZES[entry.type]!) : null;
    },
  };
}
