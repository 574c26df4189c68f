export { openSafetensors, SafetensorsFile } from './open-safetensors.js';
export type { TensorInfo } from './parse-header.js';
export { type NamedTensors, writeSafetensors } from './write-safetensors.js';
