// The addon's entry: one Env per Node environment, freed with it.
#include "env.h"

#include <ATen/Parallel.h>
#include <torch/version.h>

#include <cstring>

#include "cuda-graph.h"
#include "cuda-kernel.h"
#include "values.h"

namespace me {

static constexpr int32_t kFreeCapacity = 4096;

struct Binding {
  Env* env;
  Method method;
};

static napi_value invoke(napi_env napi, napi_callback_info info) {
  napi_value argv[12];
  size_t argc = 12;
  void* data;
  napi_get_cb_info(napi, info, &argc, argv, nullptr, &data);
  auto* binding = static_cast<Binding*>(data);
  try {
    binding->env->drain();
    return binding->method(*binding->env, argc, argv);
  } catch (...) {
    throw_current_exception(*binding->env);
    return nullptr;
  }
}

void define(Env& env, napi_value exports, const char* name, Method method) {
  napi_value function;
  auto* binding = new Binding{&env, method};
  napi_create_function(env.napi, name, NAPI_AUTO_LENGTH, invoke, binding, &function);
  napi_add_finalizer(env.napi, function, binding, [](napi_env, void* data, void*) { delete static_cast<Binding*>(data); }, nullptr, nullptr);
  napi_set_named_property(env.napi, exports, name, function);
}

void Env::drop_dead_buffers() {
  std::vector<napi_ref> dead;
  {
    std::lock_guard<std::mutex> lock(dead_mutex);
    dead.swap(dead_buffers);
    has_dead_buffers = false;
  }
  for (napi_ref ref : dead) napi_delete_reference(napi, ref);
}

// setErrorFactory((code, message) => Error)
static napi_value set_error_factory(Env& env, size_t, napi_value* argv) {
  if (env.error_factory) napi_delete_reference(env.napi, env.error_factory);
  napi_create_reference(env.napi, argv[0], 1, &env.error_factory);
  return undefined(env.napi);
}

void Env::release_slots() {
  int32_t count = free_scratch[0];
  free_scratch[0] = 0;
  for (int32_t i = 1; i <= count && i <= kFreeCapacity; ++i) slots.release(free_scratch[i]);
}

// flush(): releases what scopes have written into `freeBuffer`, which every call does first
static napi_value flush(Env& env, size_t, napi_value*) { return undefined(env.napi); }

// alias(slot) -> a second slot of the same tensor
static napi_value alias(Env& env, size_t, napi_value* argv) {
  at::Tensor tensor = env.slots.get(as_int32(env.napi, argv[0]));
  return from_int(env.napi, env.slots.put(std::move(tensor)));
}

static napi_value live_tensors(Env& env, size_t, napi_value*) { return from_int(env.napi, env.slots.count()); }

// liveBytes(deviceType or -1)
static napi_value live_bytes(Env& env, size_t, napi_value* argv) {
  return from_int(env.napi, env.slots.bytes(as_int32(env.napi, argv[0])));
}

static napi_value set_threads(Env& env, size_t, napi_value* argv) {
  at::set_num_threads(as_int32(env.napi, argv[0]));
  return undefined(env.napi);
}
static napi_value get_threads(Env& env, size_t, napi_value*) { return from_int(env.napi, at::get_num_threads()); }

static napi_value version(Env& env, size_t, napi_value*) { return from_string(env.napi, TORCH_VERSION); }

static napi_value initialise(napi_env napi, napi_value exports) {
  auto* env = new Env();
  env->napi = napi;
  napi_set_instance_data(napi, env, [](napi_env, void* data, void*) { delete static_cast<Env*>(data); }, nullptr);

  napi_value buffer;
  void* memory;
  napi_ref keep;
  napi_create_arraybuffer(napi, (kFreeCapacity + 1) * sizeof(int32_t), &memory, &buffer);
  std::memset(memory, 0, (kFreeCapacity + 1) * sizeof(int32_t));
  env->free_scratch = static_cast<int32_t*>(memory);
  napi_set_named_property(napi, exports, "freeBuffer", buffer);
  napi_create_reference(napi, buffer, 1, &keep);
  napi_create_arraybuffer(napi, 160 * sizeof(double), &memory, &buffer);
  env->meta_scratch = static_cast<double*>(memory);
  napi_set_named_property(napi, exports, "metaBuffer", buffer);
  napi_create_reference(napi, buffer, 1, &keep);

  define(*env, exports, "setErrorFactory", set_error_factory);
  define(*env, exports, "flush", flush);
  define(*env, exports, "alias", alias);
  define(*env, exports, "liveTensors", live_tensors);
  define(*env, exports, "liveBytes", live_bytes);
  define(*env, exports, "setThreads", set_threads);
  define(*env, exports, "getThreads", get_threads);
  define(*env, exports, "version", version);
  define_calls(*env, exports);
  define_data(*env, exports);
  define_autograd(*env, exports);
  define_devices(*env, exports);
  define_random(*env, exports);
  define_files(*env, exports);
  define_custom_autograd_functions(*env, exports);
  define_cuda_kernels(*env, exports);
  define_cuda_graphs(*env, exports);
  define_signals(*env, exports);
  define_process_groups(*env, exports);
  return exports;
}

}  // namespace me

NAPI_MODULE_INIT() { return me::initialise(env, exports); }
