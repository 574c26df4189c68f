import { type Generator, ones, randn, type Tensor, zeros } from '@motion-enhancer/libtorch';

/** Draws named weights so that every layer keeps the size of what passes through it. */
export class WeightMaker {
  readonly tensors = new Map<string, Tensor>();
  readonly #generator: Generator;

  constructor(generator: Generator) {
    this.#generator = generator;
  }

  normal(name: string, shape: readonly number[], std: number): void {
    this.tensors.set(name, randn(shape, { generator: this.#generator }).mul_(std));
  }
  /** `gain` / √inputs: unit inputs give outputs of size `gain`. Convolutions name their kernel after the channels. */
  layer(name: string, out: number, inp: number, o: { kernel?: number[]; gain?: number; bias?: boolean } = {}): void {
    const { kernel = [], gain = 1, bias = true } = o;
    const inputs = kernel.reduce((a, b) => a * b, inp);
    this.normal(`${name}.weight`, [out, inp, ...kernel], gain / Math.sqrt(inputs));
    if (bias) this.tensors.set(`${name}.bias`, zeros([out]));
  }
  norm(name: string, size: number, scale = 1): void {
    this.tensors.set(`${name}.weight`, ones([size]).mul_(scale));
    this.tensors.set(`${name}.bias`, zeros([size]));
  }
}
