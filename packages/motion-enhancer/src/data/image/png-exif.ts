/** The EXIF data of a PNG (its chunk eXIf); null without. */
export function pngExif(png: Uint8Array): Uint8Array | null {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (type === 0x65584966 && at + 8 + length <= png.length) return png.subarray(at + 8, at + 8 + length);
    at += 12 + length;
  }
  return null;
}
