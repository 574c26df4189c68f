// What of autograd is not a dispatcher operator: gradient mode, leaf gradients, backward and grad.
#include <ATen/ThreadLocalState.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "env.h"
#include "values.h"

namespace me {

using torch::autograd::variable_list;

static napi_value set_grad_enabled(Env& env, size_t, napi_value* argv) {
  bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(as_bool(env.napi, argv[0]));
  return from_bool(env.napi, before);
}

static napi_value is_grad_enabled(Env& env, size_t, napi_value*) { return from_bool(env.napi, c10::GradMode::is_enabled()); }

static napi_value requires_grad(Env& env, size_t, napi_value* argv) {
  return from_bool(env.napi, env.slots.get(as_int32(env.napi, argv[0])).requires_grad());
}

// leafGrad(slot) -> slot of the accumulated gradient, or null
static napi_value leaf_grad(Env& env, size_t, napi_value* argv) {
  at::Tensor gradient = env.slots.get(as_int32(env.napi, argv[0])).grad();
  if (gradient.defined()) return from_int(env.napi, env.slots.put(std::move(gradient)));
  napi_value result;
  napi_get_null(env.napi, &result);
  return result;
}

// setLeafGrad(slot, slot | null)
static napi_value set_leaf_grad(Env& env, size_t, napi_value* argv) {
  at::Tensor leaf = env.slots.get(as_int32(env.napi, argv[0]));
  leaf.mutable_grad() = is_nullish(env.napi, argv[1]) ? at::Tensor() : env.slots.get(as_int32(env.napi, argv[1]));
  return undefined(env.napi);
}

static variable_list tensors_of(Env& env, napi_value value) {
  variable_list list;
  if (is_nullish(env.napi, value)) return list;
  uint32_t length = 0;
  napi_get_array_length(env.napi, value, &length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item;
    napi_get_element(env.napi, value, i, &item);
    list.push_back(is_nullish(env.napi, item) ? at::Tensor() : env.slots.get(as_int32(env.napi, item)));
  }
  return list;
}

static napi_value slots_of(Env& env, variable_list&& tensors) {
  napi_value list;
  napi_create_array_with_length(env.napi, tensors.size(), &list);
  for (size_t i = 0; i < tensors.size(); ++i) {
    napi_value item;
    if (tensors[i].defined()) item = from_int(env.napi, env.slots.put(std::move(tensors[i])));
    else napi_get_null(env.napi, &item);
    napi_set_element(env.napi, list, i, item);
  }
  return list;
}

struct Pass {
  variable_list outputs, inputs, grad_outputs, result;
  bool accumulate, retain_graph, create_graph, allow_unused;

  void run() {
    if (accumulate) torch::autograd::backward(outputs, grad_outputs, retain_graph, create_graph, inputs);
    else result = torch::autograd::grad(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused);
  }
};

// (accumulate, outputs, inputs, gradOutputs, retainGraph, createGraph, allowUnused)
static Pass read_pass(Env& env, napi_value* argv) {
  Pass pass;
  pass.accumulate = as_bool(env.napi, argv[0]);
  pass.outputs = tensors_of(env, argv[1]);
  pass.inputs = tensors_of(env, argv[2]);
  pass.grad_outputs = tensors_of(env, argv[3]);
  pass.retain_graph = as_bool(env.napi, argv[4]);
  pass.create_graph = as_bool(env.napi, argv[5]);
  pass.allow_unused = as_bool(env.napi, argv[6]);
  return pass;
}

static napi_value differentiate(Env& env, size_t, napi_value* argv) {
  Pass pass = read_pass(env, argv);
  pass.run();
  return slots_of(env, std::move(pass.result));
}

struct AsyncPass {
  Env* env;
  Pass pass;
  at::ThreadLocalState state;
  napi_async_work work;
  napi_deferred deferred;
  bool failed = false;
  Failure failure;
};

static napi_value differentiate_async(Env& env, size_t, napi_value* argv) {
  auto task = std::make_unique<AsyncPass>();
  task->env = &env;
  task->pass = read_pass(env, argv);
  napi_value promise;
  napi_create_promise(env.napi, &task->deferred, &promise);
  AsyncPass* raw = task.release();
  auto execute = [](napi_env, void* data) {
    auto& task = *static_cast<AsyncPass*>(data);
    try {
      at::ThreadLocalStateGuard guard(task.state);
      task.pass.run();
    } catch (...) {
      task.failed = true;
      task.failure = describe_current_exception();
    }
  };
  auto complete = [](napi_env napi, napi_status, void* data) {
    std::unique_ptr<AsyncPass> task(static_cast<AsyncPass*>(data));
    napi_delete_async_work(napi, task->work);
    if (task->failed) napi_reject_deferred(napi, task->deferred, make_error(*task->env, task->failure));
    else napi_resolve_deferred(napi, task->deferred, slots_of(*task->env, std::move(task->pass.result)));
  };
  napi_create_async_work(env.napi, nullptr, from_string(env.napi, "backward"), execute, complete, raw, &raw->work);
  napi_queue_async_work(env.napi, raw->work);
  return promise;
}

void define_autograd(Env& env, napi_value exports) {
  define(env, exports, "setGradEnabled", set_grad_enabled);
  define(env, exports, "isGradEnabled", is_grad_enabled);
  define(env, exports, "requiresGrad", requires_grad);
  define(env, exports, "leafGrad", leaf_grad);
  define(env, exports, "setLeafGrad", set_leaf_grad);
  define(env, exports, "differentiate", differentiate);
  define(env, exports, "differentiateAsync", differentiate_async);
}

}  // namespace me
