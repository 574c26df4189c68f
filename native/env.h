// The state of one Node environment (main thread or worker): nothing in the binding is global.
#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/stack.h>
#include <node_api.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "operator.h"
#include "slots.h"

namespace me {

struct Env {
  napi_env napi = nullptr;
  napi_ref error_factory = nullptr;
  Slots slots;
  std::vector<at::Generator> generators;
  std::unordered_map<std::string, std::unique_ptr<Operator>> operators;
  torch::jit::Stack stack;          // reused by every synchronous call
  double* meta_scratch = nullptr;   // shared with JavaScript: one tensor's metadata
  int32_t* free_scratch = nullptr;  // shared with JavaScript: slots to release in one call
  size_t free_capacity = 0;
  // References to JavaScript buffers whose tensors died, perhaps on another thread; dropped on ours.
  std::mutex dead_mutex;
  std::vector<napi_ref> dead_buffers;

  Operator& find_operator(const std::string& name, const std::string& overload);
  void drop_dead_buffers();
};

using Method = napi_value (*)(Env&, size_t argc, napi_value* argv);

// Adds `exports[name] = method`; C++ exceptions become JavaScript errors.
void define(Env& env, napi_value exports, const char* name, Method method);

void define_calls(Env& env, napi_value exports);
void define_data(Env& env, napi_value exports);
void define_autograd(Env& env, napi_value exports);
void define_devices(Env& env, napi_value exports);
void define_random(Env& env, napi_value exports);

}  // namespace me
