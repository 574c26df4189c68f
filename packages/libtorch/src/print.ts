import type { Tensor } from './tensor.js';

const EDGE = 3;
const LIMIT = 1000;

function formatNumber(value: number, integer: boolean): string {
  if (integer || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(4) : value.toFixed(4);
}

/** Readable text of a tensor: values (edges only of large ones), shape, dtype and device. */
export function formatTensor(tensor: Tensor): string {
  if (tensor.isDisposed) return 'Tensor(freed)';
  const { shape, dtype, device } = tensor;
  const tail = `shape [${shape.join(', ')}], ${dtype}${device === 'cpu' ? '' : `, ${device}`}${tensor.requiresGrad ? ', requiresGrad' : ''}`;
  const small = tensor.numel <= LIMIT;
  const width = (dim: number) => (small || shape[dim]! <= 2 * EDGE ? shape[dim]! : 2 * EDGE);
  // Only what is shown is copied out, so that printing a large CUDA tensor stays cheap.
  const temporary: Tensor[] = [];
  const crop = (t: Tensor): Tensor => {
    temporary.push(t);
    return t;
  };
  let part = tensor;
  if (!small) {
    for (let dim = 0; dim < shape.length; dim++) {
      if (width(dim) === shape[dim]) continue;
      const index = [...Array(EDGE).keys(), ...Array.from({ length: EDGE }, (_, i) => shape[dim]! - EDGE + i)];
      const parts = index.map((i) => crop(part.narrow(dim, i, 1)));
      part = crop(concat(parts, dim));
    }
  }
  const flat = part.toArray();
  for (const t of temporary) t.dispose();
  const integer = !tensor.isFloating;
  const texts = flat.map((v) => (dtype === 'bool' ? String(Boolean(v)) : formatNumber(v, integer)));
  const pad = texts.reduce((widest, t) => Math.max(widest, t.length), 0);
  let at = 0;
  const write = (dim: number, indent: string): string => {
    if (dim === shape.length) return texts[at++]!.padStart(pad);
    const cells: string[] = [];
    for (let i = 0; i < width(dim); i++) {
      if (!small && width(dim) !== shape[dim] && i === EDGE) cells.push('…');
      cells.push(write(dim + 1, `${indent} `));
    }
    const last = dim === shape.length - 1;
    return `[${cells.join(last ? ', ' : `,\n${indent} `)}]`;
  };
  const head = shape.length === 0 ? texts[0]! : write(0, '       ');
  return `tensor(${head}, ${tail})`;
}

let concat: (parts: Tensor[], dim: number) => Tensor;
/** @internal Breaks the import cycle with functional.ts. */
export function setConcat(cat: typeof concat): void {
  concat = cat;
}
