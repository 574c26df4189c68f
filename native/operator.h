// One ATen operator, prepared for calls from JavaScript: its schema is read once, so that a call only
// converts values. No operator is known by name here; what the dispatcher has can be called.
#pragma once
#include <ATen/core/dispatch/Dispatcher.h>
#include <node_api.h>

#include <optional>
#include <string>
#include <vector>

namespace me {

struct Env;

enum class Kind : uint8_t {
  Tensor, TensorList, OptionalTensorList, Int, IntList, Float, FloatList, Bool, BoolList, Scalar, ScalarList,
  String, StringList, Device, Generator, Other,
};

struct ArgumentSpec {
  std::string name;
  Kind kind;
  bool optional;      // null is allowed
  bool has_default;
  int32_t fixed_size; // `int[2]` takes one number for both; -1: any
  c10::IValue default_value;
};

// The commonest signatures can skip boxing, which costs as much as the rest of a small call.
using Unary = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&)>;
using Binary = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Tensor&)>;
using ScaledBinary = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Scalar&)>;

struct Operator {
  Env& env;
  std::string name;  // "aten::add.Tensor"
  c10::OperatorHandle handle;
  std::vector<ArgumentSpec> arguments;
  std::vector<Kind> returns;
  std::optional<Unary> unary;
  std::optional<Binary> binary;
  std::optional<ScaledBinary> scaled_binary;  // its scalar has a default, as alpha of add
  bool returns_argument;  // in place or out=: what comes back is the written argument itself

  Operator(Env& env, c10::OperatorHandle handle);

  // Pushes the arguments, defaults filled in. Throws ArgumentError naming the argument.
  void push(torch::jit::Stack& stack, size_t argc, const napi_value* argv) const;
  // Calls without boxing where the signature is one of those above and the arguments are live tensors; else false.
  bool call_typed(size_t argc, const napi_value* argv, at::Tensor& result) const;
  // A JavaScript value for what the operator left on the stack (tensors as new slots).
  napi_value pop(torch::jit::Stack& stack) const;
  // One line per argument, "  self: float32 [2, 3] cpu", for error messages.
  std::string describe(size_t argc, const napi_value* argv) const;
};

napi_value to_js(Env& env, const c10::IValue& value, Kind kind);

}  // namespace me
