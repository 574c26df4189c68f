// Random generators: seeds and states that can be saved and restored.
#include <ATen/Context.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "env.h"
#include "values.h"

namespace me {

static napi_value manual_seed(Env& env, size_t, napi_value* argv) {
  at::manual_seed(static_cast<uint64_t>(as_int64(env.napi, argv[0])));
  return undefined(env.napi);
}

// newGenerator(device, seed) -> handle
static napi_value new_generator(Env& env, size_t, napi_value* argv) {
  c10::Device device(as_string(env.napi, argv[0]));
  at::Generator generator = device.is_cpu() ? at::detail::createCPUGenerator()
                                            : at::globalContext().getAcceleratorHooksInterface(device.type()).getNewGenerator(device.index());
  generator.set_current_seed(static_cast<uint64_t>(as_int64(env.napi, argv[1])));
  for (size_t i = 0; i < env.generators.size(); ++i) {
    if (!env.generators[i].defined()) {
      env.generators[i] = generator;
      return from_int(env.napi, static_cast<int64_t>(i));
    }
  }
  env.generators.push_back(generator);
  return from_int(env.napi, static_cast<int64_t>(env.generators.size() - 1));
}

static at::Generator generator_of(Env& env, napi_value value) {
  napi_valuetype type;
  napi_typeof(env.napi, value, &type);
  // A string names a device's default generator.
  if (type == napi_string) return at::globalContext().defaultGenerator(c10::Device(as_string(env.napi, value)));
  at::Generator generator = env.generators.at(as_int32(env.napi, value));
  if (!generator.defined()) throw ArgumentError("Expected a live generator but received one that was freed.");
  return generator;
}

static napi_value free_generator(Env& env, size_t, napi_value* argv) {
  env.generators.at(as_int32(env.napi, argv[0])) = at::Generator();
  return undefined(env.napi);
}

// generatorState(handle | device) -> slot (uint8)
static napi_value generator_state(Env& env, size_t, napi_value* argv) {
  at::Generator generator = generator_of(env, argv[0]);
  std::lock_guard<std::mutex> lock(generator.mutex());
  return from_int(env.napi, env.slots.put(generator.get_state()));
}

static napi_value set_generator_state(Env& env, size_t, napi_value* argv) {
  at::Generator generator = generator_of(env, argv[0]);
  std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(env.slots.get(as_int32(env.napi, argv[1])));
  return undefined(env.napi);
}

void define_random(Env& env, napi_value exports) {
  define(env, exports, "manualSeed", manual_seed);
  define(env, exports, "newGenerator", new_generator);
  define(env, exports, "freeGenerator", free_generator);
  define(env, exports, "generatorState", generator_state);
  define(env, exports, "setGeneratorState", set_generator_state);
}

}  // namespace me
