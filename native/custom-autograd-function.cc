// Differentiable functions made of CUDA kernels: the forward pass has run, and the launches of the backward pass are written
// down with it, so that libtorch's backward threads need no JavaScript.
#include <ATen/Functions.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <type_traits>

#include "cuda-kernel.h"
#include "env.h"
#include "values.h"

namespace me {
namespace {

using torch::autograd::variable_list;

struct Step {
  KernelLaunch launch;
  // t: place in `saved`, g: gradient of an output, r: result; the others are numbers and stand in `cells`
  std::string kinds;
  std::vector<uint64_t> cells;
};

struct Result {
  std::vector<int64_t> sizes;
  at::TensorOptions options;
};

class KernelBackward : public torch::autograd::Node {
 public:
  std::vector<Step> steps;
  std::vector<at::Tensor> saved;
  std::vector<Result> results;

  variable_list apply(variable_list&& grads) override {
    if (released_) throw std::runtime_error("Trying to backward through a function of kernels a second time: its saved tensors have been freed.");
    variable_list out;
    for (const auto& result : results) out.push_back(at::empty(result.sizes, result.options));
    for (size_t i = 0; i < grads.size(); ++i)
      grads[i] = grads[i].defined() ? grads[i].contiguous() : input_metadata(i).zeros_like();
    for (auto& step : steps) {
      std::vector<uint64_t> cells = step.cells;
      for (size_t i = 0; i < cells.size(); ++i) {
        const at::Tensor* tensor = nullptr;
        if (step.kinds[i] == 't') tensor = &saved.at(cells[i]);
        if (step.kinds[i] == 'g') tensor = &grads.at(cells[i]);
        if (step.kinds[i] == 'r') tensor = &out.at(cells[i]);
        if (tensor) cells[i] = reinterpret_cast<uint64_t>(tensor->data_ptr());
      }
      run_launch(step.launch, cells);
    }
    return out;
  }

  void release_variables() override {
    saved.clear();
    released_ = true;
  }

  std::string name() const override { return "KernelBackward"; }

 private:
  bool released_ = false;
};

// libtorch held nodes by shared_ptr before it held them by intrusive_ptr.
using NodePtr = decltype(torch::autograd::Edge::function);

template <typename Pointer, typename N>
Pointer make_node(N** raw) {
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>) {
    auto node = std::make_shared<N>();
    *raw = node.get();
    return node;
  } else {
    auto node = c10::make_intrusive<N>();
    *raw = node.get();
    return node;
  }
}

napi_value element(napi_env env, napi_value list, uint32_t i) {
  napi_value item;
  napi_get_element(env, list, i, &item);
  return item;
}

uint32_t length_of(napi_env env, napi_value list) {
  uint32_t length = 0;
  napi_get_array_length(env, list, &length);
  return length;
}

variable_list tensors(Env& env, napi_value list) {
  variable_list found;
  for (uint32_t i = 0; i < length_of(env.napi, list); ++i) found.push_back(env.slots.get(as_int32(env.napi, element(env.napi, list, i))));
  return found;
}

// One step: [handle, launch numbers, kinds, values]
Step read_step(Env& env, napi_value description, KernelBackward& node, size_t outputs) {
  Step step;
  step.launch = prepare_launch(as_int32(env.napi, element(env.napi, description, 0)), as_int64_list(env.napi, element(env.napi, description, 1)));
  step.kinds = as_string(env.napi, element(env.napi, description, 2));
  napi_value values = element(env.napi, description, 3);
  step.cells.resize(step.kinds.size());
  for (size_t i = 0; i < step.kinds.size(); ++i) {
    napi_value value = element(env.napi, values, static_cast<uint32_t>(i));
    const char kind = step.kinds[i];
    if (kind == 't') {
      step.cells[i] = node.saved.size();
      node.saved.push_back(env.slots.get(as_int32(env.napi, value)).detach());
    } else if (kind == 'g' || kind == 'r') {
      step.cells[i] = static_cast<uint64_t>(as_int32(env.napi, value));
      if (step.cells[i] >= (kind == 'g' ? outputs : node.results.size())) throw ArgumentError("A kernel's backward step names a tensor that there is not.");
    } else if (!number_cell(env.napi, kind, value, &step.cells[i])) {
      throw ArgumentError(std::string("Unknown kind of kernel argument: ") + kind + ".");
    }
  }
  return step;
}

// customAutogradFunction(inputs, outputs, steps): makes the outputs, which kernels have computed from the inputs, differentiable by
// them. A gradient has its input's sizes and is contiguous. Does nothing where no gradient is recorded.
napi_value custom_autograd_function(Env& env, size_t, napi_value* argv) {
  const variable_list inputs = tensors(env, argv[0]);
  const variable_list outputs = tensors(env, argv[1]);
  if (!torch::autograd::compute_requires_grad(inputs)) return undefined(env.napi);
  KernelBackward* node = nullptr;
  const NodePtr function = make_node<NodePtr, KernelBackward>(&node);
  for (const auto& input : inputs) node->results.push_back({input.sizes().vec(), input.options()});
  for (uint32_t i = 0; i < length_of(env.napi, argv[2]); ++i)
    node->steps.push_back(read_step(env, element(env.napi, argv[2], i), *node, outputs.size()));
  node->set_next_edges(torch::autograd::collect_next_edges(inputs));
  for (const auto& output : outputs) torch::autograd::set_history(output, function);
  return undefined(env.napi);
}

}  // namespace

void define_custom_autograd_functions(Env& env, napi_value exports) {
  define(env, exports, "customAutogradFunction", custom_autograd_function);
}

}  // namespace me
