/**
 * Bicubic, antialiased resize of 8-bit RGB in whole numbers, bit for bit what libtorch computes of bytes on a CPU
 * (`_upsample_bicubic2d_aa`): for threads that do not load it. Columns first, then rows, each rounded to bytes.
 * Source: pytorch aten/src/ATen/native/cpu/UpSampleKernel.cpp (_compute_indices_int16_weights_aa), after Pillow's Resample.c.
 * @param rgb uint8 [height, width, 3]
 * @returns uint8 [toHeight, toWidth, 3]
 */
export function resizeBicubic(
  rgb: Uint8Array,
  [height, width]: readonly [height: number, width: number],
  [toHeight, toWidth]: readonly [height: number, width: number],
): Uint8Array {
  const widened = toWidth === width ? rgb : columns(rgb, height, width, toWidth);
  return toHeight === height ? widened : rows(widened, height, toWidth, toHeight);
}

/** Weights of the places that make one: `taps` to a place, in units of 2^−bits. */
interface Weights {
  bits: number;
  taps: number;
  first: Int32Array;
  count: Int32Array;
  weights: Int16Array;
}

function columns(from: Uint8Array, height: number, width: number, toWidth: number): Uint8Array {
  const { bits, taps, first, count, weights } = weightsOf(width, toWidth);
  const to = new Uint8ClampedArray(height * toWidth * 3);
  const half = 1 << (bits - 1);
  let place = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < toWidth; x++) {
      let [r, g, b] = [half, half, half];
      let source = (row + first[x]!) * 3;
      for (let k = x * taps, end = k + count[x]!; k < end; k++, source += 3) {
        const weight = weights[k]!;
        r += from[source]! * weight;
        g += from[source + 1]! * weight;
        b += from[source + 2]! * weight;
      }
      to[place++] = r >> bits;
      to[place++] = g >> bits;
      to[place++] = b >> bits;
    }
  }
  return new Uint8Array(to.buffer);
}

function rows(from: Uint8Array, height: number, width: number, toHeight: number): Uint8Array {
  const { bits, taps, first, count, weights } = weightsOf(height, toHeight);
  const line = width * 3;
  const to = new Uint8ClampedArray(toHeight * line);
  const sums = new Int32Array(line);
  for (let y = 0; y < toHeight; y++) {
    sums.fill(1 << (bits - 1));
    for (let k = 0; k < count[y]!; k++) {
      const weight = weights[y * taps + k]!;
      const source = (first[y]! + k) * line;
      for (let i = 0; i < line; i++) sums[i]! += from[source + i]! * weight;
    }
    for (let i = 0; i < line; i++) to[y * line + i] = sums[i]! >> bits;
  }
  return new Uint8Array(to.buffer);
}

function weightsOf(size: number, to: number): Weights {
  const scale = size / to;
  const spread = Math.max(scale, 1);
  const support = 2 * spread;
  const taps = Math.ceil(support) * 2 + 1;
  const [first, count] = [new Int32Array(to), new Int32Array(to)];
  const exact = new Float64Array(to * taps);
  let largest = 0;
  for (let i = 0; i < to; i++) {
    const center = scale * (i + 0.5);
    const from = Math.max(Math.trunc(center - support + 0.5), 0);
    const n = Math.min(Math.min(Math.trunc(center + support + 0.5), size) - from, taps);
    let total = 0;
    for (let k = 0; k < n; k++) total += exact[i * taps + k] = cubic((k + from - center + 0.5) / spread);
    for (let k = 0; k < n; k++) {
      if (total !== 0) exact[i * taps + k]! /= total;
      largest = Math.max(largest, exact[i * taps + k]!);
    }
    first[i] = from;
    count[i] = n;
  }
  // As many bits as 16 hold.
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 1 << 15) bits++;
  const weights = Int16Array.from(exact, (w) => Math.trunc((w < 0 ? -0.5 : 0.5) + w * 2 ** bits));
  return { bits, taps, first, count, weights };
}

/** Keys' kernel with a = −0.5. */
function cubic(at: number): number {
  const x = Math.abs(at);
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}
