// CUDA kernels from source at run time: NVRTC compiles, the driver loads and launches. Both are opened by name when first
// needed, so that the binding builds and loads on machines without CUDA.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

namespace me {

struct Env;

// A launch but for its arguments. Made on JavaScript's thread, it may run on any.
struct KernelLaunch {
  void* function = nullptr;
  int device = 0;
  std::vector<int64_t> shape;  // gx, gy, gz, bx, by, bz, bytes of dynamic shared memory, 1 for an early start
};

KernelLaunch prepare_launch(int32_t handle, std::vector<int64_t>&& shape);

// Queues it on libtorch's current stream; `cells` hold the arguments, each in its first bytes.
void run_launch(const KernelLaunch& launch, std::vector<uint64_t>& cells);

// The bits of a number by its kind (i int32, l int64, f float, d double); false for another kind.
bool number_cell(napi_env env, char kind, napi_value value, uint64_t* cell);

// Adds cudaArchitecture, cudaSharedMemory, compileCuda, loadCudaKernel, launchCudaKernel and freeCudaKernel to `exports`.
void define_cuda_kernels(Env& env, napi_value exports);

}  // namespace me
