#include "cuda-kernel.h"

#include <ATen/core/Tensor.h>
#include <dlfcn.h>

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "cuda-driver.h"
#include "env.h"
#include "values.h"

namespace me {
namespace {

// What of cuda.h and nvrtc.h is used; both interfaces are C and stable.
constexpr int kMaxDynamicSharedBytes = 8;  // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr int kComputeCapabilityMajor = 75;
constexpr int kComputeCapabilityMinor = 76;
constexpr int kMaxSharedBytesOptin = 97;  // CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
constexpr unsigned kDefaultSharedLimit = 48 * 1024;
constexpr int kProgrammaticSerialization = 6;  // CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION

struct LaunchAttribute {
  int id = 0;
  char padding[4] = {};
  union {
    char bytes[64];
    int allowed;
  } value = {};
};
struct LaunchConfig {
  unsigned grid[3];
  unsigned block[3];
  unsigned shared;
  void* stream;
  LaunchAttribute* attributes;
  unsigned count;
};

void* open_nvrtc(const std::vector<std::string>& dirs) {
  static void* library = nullptr;
  if (library) return library;
  const auto names = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};
  // libtorch_cuda depends on it: mostly it is there already.
  for (const char* name : names)
    if (!library) library = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
  for (const auto& dir : dirs)
    for (const char* name : names)
      if (!library) library = dlopen((dir + "/" + name).c_str(), RTLD_NOW);
  for (const char* name : names)
    if (!library) library = dlopen(name, RTLD_NOW);
  if (!library) throw ArgumentError("NVRTC (libnvrtc.so) was found neither beside libtorch nor in the loader's path.");
  return library;
}

template <typename F>
F nvrtc(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  if (!symbol) throw ArgumentError(std::string("NVRTC has no ") + name + ".");
  return reinterpret_cast<F>(symbol);
}

std::vector<std::string> strings(napi_env env, napi_value array) {
  uint32_t length = 0;
  napi_get_array_length(env, array, &length);
  std::vector<std::string> result;
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item;
    napi_get_element(env, array, i, &item);
    result.push_back(as_string(env, item));
  }
  return result;
}

struct Kernel {
  void* module = nullptr;
  void* function = nullptr;
  int device = 0;
};

// One Node environment is one thread. Handles are indices: a wrong number from JavaScript is an error, not a crash.
std::vector<Kernel>& kernels() {
  thread_local std::vector<Kernel> table;
  return table;
}

Kernel& kernel_of(int32_t handle) {
  if (handle < 0 || static_cast<size_t>(handle) >= kernels().size() || !kernels()[handle].module)
    throw ArgumentError("This CUDA kernel has been disposed of.");
  return kernels()[handle];
}

// cudaArchitecture(device) -> 90 for compute capability 9.0
napi_value architecture(Env& env, size_t, napi_value* argv) {
  int device = 0, major = 0, minor = 0;
  check(driver<int (*)(unsigned)>("cuInit")(0), "cuInit");
  check(driver<int (*)(int*, int)>("cuDeviceGet")(&device, as_int32(env.napi, argv[0])), "cuDeviceGet");
  auto attribute = driver<int (*)(int*, int, int)>("cuDeviceGetAttribute");
  check(attribute(&major, kComputeCapabilityMajor, device), "cuDeviceGetAttribute");
  check(attribute(&minor, kComputeCapabilityMinor, device), "cuDeviceGetAttribute");
  return from_int(env.napi, 10 * major + minor);
}

// cudaSharedMemory(device) -> most bytes of shared memory that a block may ask for
napi_value shared_memory(Env& env, size_t, napi_value* argv) {
  int device = 0, bytes = 0;
  check(driver<int (*)(unsigned)>("cuInit")(0), "cuInit");
  check(driver<int (*)(int*, int)>("cuDeviceGet")(&device, as_int32(env.napi, argv[0])), "cuDeviceGet");
  check(driver<int (*)(int*, int, int)>("cuDeviceGetAttribute")(&bytes, kMaxSharedBytesOptin, device), "cuDeviceGetAttribute");
  return from_int(env.napi, bytes);
}

// compileCuda(source, options, directories of NVRTC) -> {cubin: ArrayBuffer | null, log}
napi_value compile(Env& env, size_t, napi_value* argv) {
  using Program = void*;
  const std::string source = as_string(env.napi, argv[0]);
  const auto options = strings(env.napi, argv[1]);
  void* library = open_nvrtc(strings(env.napi, argv[2]));
  Program program = nullptr;
  int status = nvrtc<int (*)(Program*, const char*, const char*, int, const char* const*, const char* const*)>(
      library, "nvrtcCreateProgram")(&program, source.c_str(), "kernel.cu", 0, nullptr, nullptr);
  if (status != 0) throw ArgumentError("nvrtcCreateProgram failed: status " + std::to_string(status) + ".");
  std::vector<const char*> flags;
  for (const auto& option : options) flags.push_back(option.c_str());
  status = nvrtc<int (*)(Program, int, const char* const*)>(library, "nvrtcCompileProgram")(
      program, static_cast<int>(flags.size()), flags.data());
  size_t size = 0;
  nvrtc<int (*)(Program, size_t*)>(library, "nvrtcGetProgramLogSize")(program, &size);
  std::string log(size, '\0');
  if (size > 0) nvrtc<int (*)(Program, char*)>(library, "nvrtcGetProgramLog")(program, log.data());
  while (!log.empty() && (log.back() == '\0' || log.back() == '\n')) log.pop_back();
  napi_value result, cubin;
  napi_get_null(env.napi, &cubin);
  if (status == 0) {
    nvrtc<int (*)(Program, size_t*)>(library, "nvrtcGetCUBINSize")(program, &size);
    void* bytes = nullptr;
    napi_create_arraybuffer(env.napi, size, &bytes, &cubin);
    nvrtc<int (*)(Program, char*)>(library, "nvrtcGetCUBIN")(program, static_cast<char*>(bytes));
  } else if (log.empty()) {
    log = nvrtc<const char* (*)(int)>(library, "nvrtcGetErrorString")(status);
  }
  nvrtc<int (*)(Program*)>(library, "nvrtcDestroyProgram")(&program);
  napi_create_object(env.napi, &result);
  napi_set_named_property(env.napi, result, "cubin", cubin);
  napi_set_named_property(env.napi, result, "log", from_string(env.napi, log));
  return result;
}

// loadCudaKernel(cubin, name, device) -> handle
napi_value load(Env& env, size_t, napi_value* argv) {
  void* cubin = nullptr;
  size_t size = 0;
  if (napi_get_arraybuffer_info(env.napi, argv[0], &cubin, &size) != napi_ok || size == 0)
    throw ArgumentError("Expected an ArrayBuffer for cubin.");
  const std::string name = as_string(env.napi, argv[1]);
  Kernel kernel;
  kernel.device = as_int32(env.napi, argv[2]);
  DeviceScope scope(kernel.device);
  check(driver<int (*)(void**, const void*)>("cuModuleLoadData")(&kernel.module, cubin), "cuModuleLoadData");
  int status = driver<int (*)(void**, void*, const char*)>("cuModuleGetFunction")(&kernel.function, kernel.module, name.c_str());
  if (status != 0) {
    driver<int (*)(void*)>("cuModuleUnload")(kernel.module);
    throw ArgumentError("The CUDA source has no kernel named " + name + " (is it extern \"C\" __global__?).");
  }
  kernels().push_back(kernel);
  return from_int(env.napi, static_cast<int64_t>(kernels().size()) - 1);
}

// launchCudaKernel(handle, [gx, gy, gz, bx, by, bz, sharedBytes, early], kinds, values): kinds has one letter an argument:
// t tensor (slot), i int32, l int64, f float, d double. early: 1 for a kernel that may start before the one before it ends.
napi_value launch(Env& env, size_t, napi_value* argv) {
  const KernelLaunch launch = prepare_launch(as_int32(env.napi, argv[0]), as_int64_list(env.napi, argv[1]));
  const std::string kinds = as_string(env.napi, argv[2]);
  std::vector<uint64_t> cells(kinds.size());
  for (size_t i = 0; i < kinds.size(); ++i) {
    napi_value value;
    napi_get_element(env.napi, argv[3], static_cast<uint32_t>(i), &value);
    if (kinds[i] == 't') {
      const at::Tensor& tensor = env.slots.get(as_int32(env.napi, value));
      if (!tensor.is_cuda() || tensor.get_device() != launch.device)
        throw ArgumentError("Expected a tensor on cuda:" + std::to_string(launch.device) + " for argument " + std::to_string(i) +
                            " of a CUDA kernel but received one on " + tensor.device().str() + ".");
      cells[i] = reinterpret_cast<uint64_t>(tensor.data_ptr());
    } else if (!number_cell(env.napi, kinds[i], value, &cells[i])) {
      throw ArgumentError(std::string("Unknown kind of kernel argument: ") + kinds[i] + ".");
    }
  }
  run_launch(launch, cells);
  return undefined(env.napi);
}

// freeCudaKernel(handle)
napi_value release(Env& env, size_t, napi_value* argv) {
  Kernel& kernel = kernel_of(as_int32(env.napi, argv[0]));
  DeviceScope scope(kernel.device);
  check(driver<int (*)(void*)>("cuModuleUnload")(kernel.module), "cuModuleUnload");
  kernel = Kernel{};
  return undefined(env.napi);
}

}  // namespace

KernelLaunch prepare_launch(int32_t handle, std::vector<int64_t>&& shape) {
  if (shape.size() != 8) throw ArgumentError("Expected eight launch numbers.");
  const Kernel& kernel = kernel_of(handle);
  return {kernel.function, kernel.device, std::move(shape)};
}

bool number_cell(napi_env env, char kind, napi_value value, uint64_t* cell) {
  auto store = [cell](auto bits) { std::memcpy(cell, &bits, sizeof bits); };
  switch (kind) {
    case 'i': store(as_int32(env, value)); return true;
    case 'l': store(as_int64(env, value)); return true;
    case 'f': store(static_cast<float>(as_double(env, value))); return true;
    case 'd': store(as_double(env, value)); return true;
    default: return false;
  }
}

void run_launch(const KernelLaunch& launch, std::vector<uint64_t>& cells) {
  std::vector<void*> pointers(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) pointers[i] = &cells[i];
  DeviceScope scope(launch.device);
  const auto shared = static_cast<unsigned>(launch.shape[6]);
  if (shared > kDefaultSharedLimit)
    check(driver<int (*)(void*, int, int)>("cuFuncSetAttribute")(launch.function, kMaxDynamicSharedBytes, static_cast<int>(shared)),
          "cuFuncSetAttribute (shared memory)");
  auto u = [&](size_t at) { return static_cast<unsigned>(launch.shape[at]); };
  LaunchAttribute early;
  early.id = kProgrammaticSerialization;
  early.value.allowed = 1;
  LaunchConfig config{{u(0), u(1), u(2)}, {u(3), u(4), u(5)}, shared, scope.stream(), &early, 0};
  // On the stream that graphs are recorded on only: the default stream waits for others in ways of its own.
  if (launch.shape[7] && config.stream) config.count = 1;
  check(driver<int (*)(const LaunchConfig*, void*, void**, void**)>("cuLaunchKernelEx")(&config, launch.function, pointers.data(), nullptr),
        "cuLaunchKernel");
}

void define_cuda_kernels(Env& env, napi_value exports) {
  define(env, exports, "cudaArchitecture", architecture);
  define(env, exports, "cudaSharedMemory", shared_memory);
  define(env, exports, "compileCuda", compile);
  define(env, exports, "loadCudaKernel", load);
  define(env, exports, "launchCudaKernel", launch);
  define(env, exports, "freeCudaKernel", release);
}

}  // namespace me
