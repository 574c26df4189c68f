import { cuda } from '../devices.js';
import { tensorTest } from './tensor-test.js';

/** A `tensorTest` where there is an NVIDIA GPU; elsewhere it is skipped by name. */
export const gpuTest = (name: string, body: () => void): void =>
  tensorTest(name, body, cuda().count > 0 ? false : 'no NVIDIA GPU on this machine');
