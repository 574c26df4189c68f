export { closeTo } from './close-to.js';
export { eachCloseTo } from './each-close-to.js';
export { gpuTest } from './gpu-test.js';
export { leakFree } from './leak-free.js';
export { tensorTest } from './tensor-test.js';
