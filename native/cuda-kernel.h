// CUDA kernels from source at run time: NVRTC compiles, the driver loads and launches. Both are opened by name when first
// needed, so that the binding builds and loads on machines without CUDA.
#pragma once
#include <node_api.h>

namespace me {

struct Env;

// Adds cudaArchitecture, compileCuda, loadCudaKernel, launchCudaKernel and freeCudaKernel to `exports`.
void define_cuda_kernels(Env& env, napi_value exports);

}  // namespace me
