const END = 0xd9;
const SCAN = 0xda;

/** Whether a JPEG has its end: decoders fill what is missing of a cut one with grey. */
export function jpegIsWhole(jpeg: Uint8Array): boolean {
  let at = 2;
  while (at + 1 < jpeg.length) {
    if (jpeg[at] !== 0xff) return false;
    const marker = jpeg[at + 1]!;
    if (marker === END) return true;
    // Any number of 0xff may stand before a marker; a few markers have no content.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else {
      if (at + 4 > jpeg.length) return false;
      at += 2 + jpeg[at + 2]! * 256 + jpeg[at + 3]!;
      if (marker === SCAN) at = endOfScan(jpeg, at);
    }
  }
  return false;
}

/** Where the next marker stands that is neither a stuffed byte (0) nor a restart. */
function endOfScan(jpeg: Uint8Array, from: number): number {
  for (let at = jpeg.indexOf(0xff, from); at >= 0; at = jpeg.indexOf(0xff, at + 1)) {
    const next = jpeg[at + 1];
    if (next !== undefined && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return jpeg.length;
}
