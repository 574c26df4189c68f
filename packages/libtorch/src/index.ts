export { backward, backwardAsync, enableGrad, type GradOptions, grad, isGradEnabled, noGrad } from './autograd.js';
export { type BlockWeights, residentWeights } from './block-weights.js';
export { type BlockOutputs, Checkpoints } from './checkpoints.js';
export { type CudaGraph, recordCudaGraph } from './cuda-graph.js';
export {
  addressOf,
  type CompileOptions,
  CudaCompileError,
  type CudaKernel,
  compileCuda,
  compileCudaKernel,
  computeCapability,
  type Dim3,
  type KernelArgument,
} from './cuda-kernel.js';
export { type BackwardArgument, type BackwardLaunch, customAutogradFunction } from './custom-autograd-function.js';
export {
  type BuildConfig,
  buildConfig,
  type CudaState,
  cuda,
  deviceInfo,
  emptyCache,
  memoryStats,
  resetPeakMemory,
  resolveDevice,
  setNumerics,
  setThreads,
  synchronize,
  threads,
  useDevice,
  version,
} from './devices.js';
export {
  allGather,
  allGatherAsync,
  allReduce,
  allReduce_,
  allReduceAsync,
  allReduceAsync_,
  allToAll,
  allToAllAsync,
  barrier,
  broadcast_,
  broadcastAsync_,
  broadcastJson,
  DEFAULT_TIMEOUT_MS,
  explainFailure,
  GROUP_FILE,
  type GroupBackend,
  type GroupEnvironment,
  gatherJson,
  groupBackends,
  type JoinOptions,
  joinGroup,
  type Launcher,
  type PendingTensor,
  ProcessGroup,
  type ReduceScatterOptions,
  type Reduction,
  readGroupEnvironment,
  reduceScatter,
  reduceScatterAsync,
  type StorePlace,
  soloGroup,
} from './distributed/index.js';
export { DTYPES, type DType, isFloating, type TypedArray } from './dtype.js';
export { LibtorchError, OutOfMemoryError } from './errors.js';
export {
  arange,
  empty,
  emptyLike,
  eye,
  full,
  linspace,
  ones,
  type RandomOptions,
  rand,
  randint,
  randn,
  zeros,
  zerosLike,
} from './factories.js';
export {
  type AttentionOptions,
  attention,
  type ConvOptions,
  cat,
  conv2d,
  conv3d,
  crossEntropy,
  embedding,
  groupNorm,
  layerNorm,
  linear,
  pad,
  stack,
  where,
} from './functional.js';
export type { Aten, AtenAsync, Layout, MemoryFormat, Scalar } from './generated/aten.js';
export { HALF_ELEMENT_SOURCE } from './half-element.cu.js';
export { type CompileHalf, halfKernels } from './half-kernels.js';
export { type KernelSource, LIBTORCH_KERNEL_SOURCES } from './kernel-sources.js';
export { mapTensors } from './map-tensors.js';
export { aten, atenAsync, operator } from './operators.js';
export {
  AdamW,
  type AdamWOptions,
  clipFactor,
  clipGradNorm,
  cosineWithWarmup,
  gradNorm,
  type ParameterGroup,
} from './optim/index.js';
export { plainOperatorsInUse, usePlainOperators, withPlainOperators } from './plain-operators.js';
export { Generator, manualSeed, rngState, setRngState } from './random.js';
export { runBlock } from './run-block.js';
export {
  type NamedTensors,
  openSafetensors,
  SafetensorsFile,
  type TensorInfo,
  writeSafetensors,
} from './safetensors/index.js';
export { keep, liveBytes, liveTensors, Scope, scope, scopeAsync, tensorsFreedByCollector, tensorsIn } from './scope.js';
export { endOnSecondSignal } from './second-signal.js';
export { onSideStream } from './side-stream.js';
export { type Operand, Tensor } from './tensor.js';
export { bytesOf, fromTypedArray, type Nested, type TensorOptions, tensor } from './transfer.js';

import { cat } from './functional.js';
import { setConcat } from './print.js';

setConcat(cat);
