// The state of one Node environment (main thread or worker): nothing in the binding is global.
#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/stack.h>
#include <node_api.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "operator.h"
#include "slots.h"

namespace me {

struct Mailbox;

struct Env {
  napi_env napi = nullptr;
  napi_ref error_factory = nullptr;
  Slots slots;
  std::vector<at::Generator> generators;
  std::unordered_map<std::string, std::unique_ptr<Operator>> operators;
  torch::jit::Stack stack;          // reused by every synchronous call
  double* meta_scratch = nullptr;   // shared with JavaScript: one tensor's metadata
  // Shared with JavaScript: [count, …slots to release]. Closing a scope only writes here; the next call drains it, so
  // that freeing costs no crossing of its own and still happens before anything is allocated.
  int32_t* free_scratch = nullptr;
  // References to JavaScript buffers whose tensors died, perhaps on another thread; dropped on ours.
  std::mutex dead_mutex;
  std::vector<napi_ref> dead_buffers;
  std::atomic<bool> has_dead_buffers{false};
  std::shared_ptr<Mailbox> mailbox;  // made with the first work in background

  Operator& find_operator(const std::string& name, const std::string& overload);
  void release_slots();
  void drop_dead_buffers();
  // At the start of every call from JavaScript.
  void drain() {
    if (free_scratch[0] > 0) release_slots();
    if (has_dead_buffers.load(std::memory_order_relaxed)) drop_dead_buffers();
  }
};

using Method = napi_value (*)(Env&, size_t argc, napi_value* argv);

// Adds `exports[name] = method`; C++ exceptions become JavaScript errors.
void define(Env& env, napi_value exports, const char* name, Method method);

void define_calls(Env& env, napi_value exports);
void define_data(Env& env, napi_value exports);
void define_autograd(Env& env, napi_value exports);
void define_devices(Env& env, napi_value exports);
void define_random(Env& env, napi_value exports);
void define_files(Env& env, napi_value exports);
void define_signals(Env& env, napi_value exports);
void define_custom_autograd_functions(Env& env, napi_value exports);
void define_process_groups(Env& env, napi_value exports);

}  // namespace me
