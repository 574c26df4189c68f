import { native } from './native.js';
import { Tensor } from './tensor.js';

/** Seeds the default generator of every device. */
export function manualSeed(seed: number | bigint): void {
  native.manualSeed(seed);
}

/** A stream of random numbers of its own, independent of the default one. Free it with `dispose()`. */
export class Generator {
  /** @internal */ handle: number;

  constructor(seed: number | bigint, device = 'cpu') {
    this.handle = native.newGenerator(device, seed);
  }

  /** The state as a uint8 tensor: save it, and `setState` continues from there. */
  state(): Tensor {
    return new Tensor(native.generatorState(this.handle));
  }

  setState(state: Tensor): void {
    native.setGeneratorState(this.handle, state.slot);
  }

  dispose(): void {
    if (this.handle >= 0) native.freeGenerator(this.handle);
    this.handle = -1;
  }
}

/** The state of a device's default generator (uint8 tensor). */
export function rngState(device = 'cpu'): Tensor {
  return new Tensor(native.generatorState(device));
}

export function setRngState(state: Tensor, device = 'cpu'): void {
  native.setGeneratorState(device, state.slot);
}
