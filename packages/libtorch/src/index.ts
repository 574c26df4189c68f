export { checkFolder, makeFolder, nearestName, writeFileAtomically, writeFully } from '@motion-enhancer/support';
export * from './autograd.js';
export { type BlockOutputs, Checkpoints } from './checkpoints.js';
export * from './cuda-graph.js';
export * from './cuda-kernel.js';
export * from './devices.js';
export * from './distributed/index.js';
export { DTYPES, type DType, dtypeOfArray, isFloating, type TypedArray } from './dtype.js';
export * from './errors.js';
export * from './factories.js';
export * from './functional.js';
export type { Aten, AtenAsync, Layout, MemoryFormat, Scalar } from './generated/aten.js';
export { HALF_ELEMENT_SOURCE } from './half-element.cu.js';
export { type CompileHalf, halfKernels } from './half-kernels.js';
export * from './kernel-function.js';
export { aten, atenAsync, operator } from './operators.js';
export * from './optim/index.js';
export * from './random.js';
export * from './safetensors/index.js';
export { keep, liveBytes, liveTensors, Scope, scope, scopeAsync, tensorsFreedByCollector, tensorsIn } from './scope.js';
export { besideDefaultQueue } from './side-queue.js';
export { type Operand, Tensor } from './tensor.js';
export { bytesOf, fromTypedArray, type Nested, type TensorOptions, tensor } from './transfer.js';

import { cat } from './functional.js';
import { setConcat } from './print.js';

setConcat(cat);
