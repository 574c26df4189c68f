// Devices: CUDA is a library that may be absent, so it is opened at run time, never linked.
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include "env.h"
#include "values.h"

namespace me {

// loadLibrary(path) -> null, or why it could not be opened
static napi_value load_library(Env& env, size_t, napi_value* argv) {
  std::string path = as_string(env.napi, argv[0]);
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
    napi_value result;
    napi_get_null(env.napi, &result);
    return result;
  }
  const char* reason = dlerror();
  return from_string(env.napi, reason ? reason : "unknown reason");
}

static napi_value cuda_count(Env& env, size_t, napi_value*) {
  if (!at::hasCUDA()) return from_int(env.napi, 0);
  return from_int(env.napi, at::detail::getCUDAHooks().deviceCount());
}

static c10::impl::VirtualGuardImpl guard_of(const c10::Device& device) {
  if (device.is_cuda()) at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  return c10::impl::VirtualGuardImpl(device.type());
}

static napi_value synchronize(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  if (device.is_cpu()) return undefined(env.napi);
  auto guard = guard_of(device);
  guard.synchronizeDevice(device.has_index() ? device.index() : guard.getDevice().index());
  return undefined(env.napi);
}

static napi_value set_device(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  if (!device.is_cpu()) guard_of(device).setDevice(device);
  return undefined(env.napi);
}

static c10::Stream stream_of(napi_env napi, const c10::Device& device, napi_value id) {
  return c10::Stream(c10::Stream::UNSAFE, device, as_int64(napi, id));
}

// newStream(device) -> id of a queue beside the default one (0), from libtorch's pool
static napi_value new_stream(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  return from_int(env.napi, guard_of(device).getStreamFromGlobalPool(device, false).id());
}

// exchangeStream(device, id) -> id of the queue that was current
static napi_value exchange_stream(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  return from_int(env.napi, guard_of(device).exchangeStream(stream_of(env.napi, device, argv[1])).id());
}

// waitForStream(device, id, other): what comes on queue `id` waits for what is on `other` now; the host does not
static napi_value wait_for_stream(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  auto guard = guard_of(device);
  void* event = nullptr;
  guard.record(&event, stream_of(env.napi, device, argv[2]), device.index(), c10::EventFlag::PYTORCH_DEFAULT);
  guard.block(event, stream_of(env.napi, device, argv[1]));
  guard.destroyEvent(event, device.index());
  return undefined(env.napi);
}

static void set_number(napi_env napi, napi_value object, const char* name, double value) {
  napi_value number;
  napi_create_double(napi, value, &number);
  napi_set_named_property(napi, object, name, number);
}

// The driver's own small C interface, looked up by name: stable since CUDA 4 and no header needed.
template <typename F>
static F driver_symbol(const char* name) {
  static void* library = dlopen("libcuda.so.1", RTLD_NOW);
  return library ? reinterpret_cast<F>(dlsym(library, name)) : nullptr;
}

// "" where the driver does not say
static std::string device_uuid(int device) {
  using GetUuid = int (*)(unsigned char*, int);
  auto get_uuid = driver_symbol<GetUuid>("cuDeviceGetUuid_v2");
  if (!get_uuid) get_uuid = driver_symbol<GetUuid>("cuDeviceGetUuid");
  unsigned char bytes[16];
  if (!get_uuid || get_uuid(bytes, device) != 0) return "";
  std::string text;
  for (unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// deviceInfo(index) -> {name, total, driver, uuid} from the CUDA driver
static napi_value device_info(Env& env, size_t, napi_value* argv) {
  napi_value result;
  napi_create_object(env.napi, &result);
  auto init = driver_symbol<int (*)(unsigned)>("cuInit");
  auto get = driver_symbol<int (*)(int*, int)>("cuDeviceGet");
  auto get_name = driver_symbol<int (*)(char*, int, int)>("cuDeviceGetName");
  auto total_memory = driver_symbol<int (*)(size_t*, int)>("cuDeviceTotalMem_v2");
  auto driver_version = driver_symbol<int (*)(int*)>("cuDriverGetVersion");
  int device = 0, version = 0;
  size_t total = 0;
  char name[256] = "unknown";
  std::string uuid;
  if (init && get && get_name && total_memory && driver_version && init(0) == 0 && get(&device, as_int32(env.napi, argv[0])) == 0) {
    get_name(name, sizeof name, device);
    total_memory(&total, device);
    driver_version(&version);
    uuid = device_uuid(device);
  }
  napi_set_named_property(env.napi, result, "name", from_string(env.napi, name));
  napi_set_named_property(env.napi, result, "uuid", from_string(env.napi, uuid));
  set_number(env.napi, result, "total", static_cast<double>(total));
  set_number(env.napi, result, "driver", version);
  return result;
}

// memoryStats(device) -> bytes {allocated, peak, reserved, reservedPeak} of libtorch's caching allocator
static napi_value memory_stats(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  guard_of(device);
  auto* allocator = c10::getDeviceAllocator(device.type());
  napi_value result;
  napi_create_object(env.napi, &result);
  if (!allocator->initialized()) return result;
  auto stats = allocator->getDeviceStats(device.has_index() ? device.index() : 0);
  const auto total = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  set_number(env.napi, result, "allocated", static_cast<double>(stats.allocated_bytes[total].current));
  set_number(env.napi, result, "peak", static_cast<double>(stats.allocated_bytes[total].peak));
  set_number(env.napi, result, "reserved", static_cast<double>(stats.reserved_bytes[total].current));
  set_number(env.napi, result, "reservedPeak", static_cast<double>(stats.reserved_bytes[total].peak));
  return result;
}

static napi_value reset_peak(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  guard_of(device);
  auto* allocator = c10::getDeviceAllocator(device.type());
  if (allocator->initialized()) allocator->resetPeakStats(device.has_index() ? device.index() : 0);
  return undefined(env.napi);
}

static napi_value empty_cache(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  guard_of(device);
  auto* allocator = c10::getDeviceAllocator(device.type());
  if (allocator->initialized()) allocator->emptyCache();
  return undefined(env.napi);
}

// setNumerics({name, value}): switches of libtorch's context that change numbers or speed
static napi_value set_numerics(Env& env, size_t, napi_value* argv) {
  std::string name = as_string(env.napi, argv[0]);
  bool on = as_bool(env.napi, argv[1]);
  auto& context = at::globalContext();
  if (name == "tf32") {
    context.setAllowTF32CuBLAS(on);
    context.setAllowTF32CuDNN(on);
  } else if (name == "deterministic") {
    context.setDeterministicAlgorithms(on, /*warn_only=*/true);
    context.setDeterministicCuDNN(on);
  } else if (name == "repeatable") {
    // Without warn_only attention's backward pass sums in one order, and what cannot is an error.
    context.setDeterministicAlgorithms(on, /*warn_only=*/false);
    context.setDeterministicCuDNN(on);
  } else if (name == "cudnnBenchmark") {
    context.setBenchmarkCuDNN(on);
  } else {
    throw ArgumentError("There is no switch named " + name + ".");
  }
  return undefined(env.napi);
}

void define_devices(Env& env, napi_value exports) {
  define(env, exports, "loadLibrary", load_library);
  define(env, exports, "cudaCount", cuda_count);
  define(env, exports, "synchronize", synchronize);
  define(env, exports, "setDevice", set_device);
  define(env, exports, "newStream", new_stream);
  define(env, exports, "exchangeStream", exchange_stream);
  define(env, exports, "waitForStream", wait_for_stream);
  define(env, exports, "deviceInfo", device_info);
  define(env, exports, "memoryStats", memory_stats);
  define(env, exports, "resetPeak", reset_peak);
  define(env, exports, "emptyCache", empty_cache);
  define(env, exports, "setNumerics", set_numerics);
}

}  // namespace me
