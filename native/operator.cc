#include "operator.h"

#include <sstream>

#include "env.h"
#include "values.h"

namespace me {

static Kind kind_of(const c10::TypePtr& type) {
  using c10::TypeKind;
  switch (type->kind()) {
    case TypeKind::TensorType: return Kind::Tensor;
    case TypeKind::IntType:
    case TypeKind::SymIntType: return Kind::Int;
    case TypeKind::FloatType: return Kind::Float;
    case TypeKind::BoolType: return Kind::Bool;
    case TypeKind::NumberType: return Kind::Scalar;
    case TypeKind::StringType: return Kind::String;
    case TypeKind::DeviceObjType: return Kind::Device;
    case TypeKind::GeneratorType: return Kind::Generator;
    case TypeKind::OptionalType: return kind_of(type->castRaw<c10::OptionalType>()->getElementType());
    case TypeKind::ListType: {
      auto element = type->castRaw<c10::ListType>()->getElementType();
      if (element->kind() == TypeKind::OptionalType) {
        return kind_of(element) == Kind::Tensor ? Kind::OptionalTensorList : Kind::Other;
      }
      switch (kind_of(element)) {
        case Kind::Tensor: return Kind::TensorList;
        case Kind::Int: return Kind::IntList;
        case Kind::Float: return Kind::FloatList;
        case Kind::Bool: return Kind::BoolList;
        case Kind::Scalar: return Kind::ScalarList;
        case Kind::String: return Kind::StringList;
        default: return Kind::Other;
      }
    }
    default: return Kind::Other;
  }
}

static void bind_typed(Operator& op) {
  const auto& arguments = op.arguments;
  auto is = [&](size_t i, Kind kind) { return arguments[i].kind == kind && !arguments[i].optional; };
  bool plain = op.returns.size() == 1 && op.returns[0] == Kind::Tensor && !op.handle.schema().returns()[0].alias_info();
  for (const c10::Argument& argument : op.handle.schema().arguments()) plain = plain && !argument.alias_info();
  if (!plain || arguments.empty() || !is(0, Kind::Tensor)) return;
  try {
    if (arguments.size() == 1) {
      op.unary = op.handle.typed<at::Tensor(const at::Tensor&)>();
    } else if (arguments.size() == 2 && is(1, Kind::Tensor)) {
      op.binary = op.handle.typed<at::Tensor(const at::Tensor&, const at::Tensor&)>();
    } else if (arguments.size() == 3 && is(1, Kind::Tensor) && is(2, Kind::Scalar) && arguments[2].has_default) {
      op.scaled_binary = op.handle.typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Scalar&)>();
    }
  } catch (const c10::Error&) {
    // Registered with another C++ signature: boxed calls serve.
  }
}

Operator::Operator(Env& owner, c10::OperatorHandle op) : env(owner), handle(op) {
  const c10::FunctionSchema& schema = handle.schema();
  name = schema.name() + (schema.overload_name().empty() ? "" : "." + schema.overload_name());
  for (const c10::Argument& argument : schema.arguments()) {
    ArgumentSpec spec;
    spec.name = argument.name();
    // A process group goes by its name: `str` until libtorch 2.12, `Any` since.
    const bool group = argument.type()->kind() == c10::TypeKind::AnyType && spec.name == "group_name";
    spec.kind = group ? Kind::String : kind_of(argument.type());
    spec.optional = argument.type()->kind() == c10::TypeKind::OptionalType;
    spec.has_default = argument.default_value().has_value();
    if (spec.has_default) spec.default_value = *argument.default_value();
    spec.fixed_size = argument.N().value_or(-1);
    arguments.push_back(std::move(spec));
  }
  returns_argument = !schema.returns().empty();
  for (const c10::Argument& result : schema.returns()) {
    returns.push_back(kind_of(result.type()));
    const auto* alias = result.alias_info();
    returns_argument = returns_argument && alias && alias->isWrite();
  }
  bind_typed(*this);
}

bool Operator::call_typed(size_t argc, const napi_value* argv, at::Tensor& result) const {
  size_t tensors = unary ? 1 : binary || scaled_binary ? 2 : 0;
  if (tensors == 0 || argc < tensors) return false;
  const at::Tensor* operands[2] = {nullptr, nullptr};
  for (size_t i = 0; i < tensors; ++i) {
    int32_t slot;
    if (napi_get_value_int32(env.napi, argv[i], &slot) != napi_ok) return false;
    operands[i] = env.slots.find(slot);
    if (!operands[i]) return false;
  }
  if (argc > tensors) {
    // A scalar that is given takes the long way.
    napi_valuetype type;
    napi_typeof(env.napi, argv[tensors], &type);
    if (type != napi_undefined) return false;
  }
  if (unary) result = unary->call(*operands[0]);
  else if (binary) result = binary->call(*operands[0], *operands[1]);
  else result = scaled_binary->call(*operands[0], *operands[1], arguments[2].default_value.toScalar());
  return true;
}

static at::Tensor tensor_of(const Env& env, napi_value value) {
  int32_t slot;
  if (napi_get_value_int32(env.napi, value, &slot) != napi_ok) throw ArgumentError("Expected a tensor.");
  return env.slots.get(slot);
}

static c10::IValue scalar_of(napi_env env, napi_value value) {
  napi_valuetype type;
  napi_typeof(env, value, &type);
  if (type == napi_number) {
    double number;
    napi_get_value_double(env, value, &number);
    // A whole number is an integer scalar, as in Python source code; 2^53 and more stay floating.
    auto whole = static_cast<int64_t>(number);
    if (number >= -9007199254740991.0 && number <= 9007199254740991.0 && static_cast<double>(whole) == number) return whole;
    return number;
  }
  if (type == napi_boolean) return as_bool(env, value);
  if (type == napi_bigint) return as_int64(env, value);
  throw ArgumentError("Expected a number.");
}

template <typename F>
static void each(napi_env env, napi_value list, F&& visit) {
  uint32_t length;
  if (napi_get_array_length(env, list, &length) != napi_ok) throw ArgumentError("Expected an array.");
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item;
    napi_get_element(env, list, i, &item);
    visit(item);
  }
}

static c10::IValue convert(Env& env, const ArgumentSpec& spec, napi_value value) {
  napi_env napi = env.napi;
  switch (spec.kind) {
    case Kind::Tensor: return tensor_of(env, value);
    case Kind::Int: return as_int64(napi, value);
    case Kind::Float: return as_double(napi, value);
    case Kind::Bool: return as_bool(napi, value);
    case Kind::Scalar: return scalar_of(napi, value);
    case Kind::String: return as_string(napi, value);
    case Kind::Device: return c10::Device(as_string(napi, value));
    case Kind::Generator: return env.generators.at(as_int32(napi, value));
    case Kind::TensorList: {
      c10::List<at::Tensor> list;
      each(napi, value, [&](napi_value item) { list.push_back(tensor_of(env, item)); });
      return list;
    }
    case Kind::OptionalTensorList: {
      c10::List<std::optional<at::Tensor>> list;
      each(napi, value, [&](napi_value item) {
        if (is_nullish(napi, item)) list.push_back(std::nullopt);
        else list.push_back(tensor_of(env, item));
      });
      return list;
    }
    case Kind::IntList: {
      c10::List<int64_t> list;
      napi_valuetype type;
      napi_typeof(napi, value, &type);
      if (type == napi_number && spec.fixed_size > 0) {
        int64_t number = as_int64(napi, value);
        for (int32_t i = 0; i < spec.fixed_size; ++i) list.push_back(number);
      } else {
        each(napi, value, [&](napi_value item) { list.push_back(as_int64(napi, item)); });
      }
      return list;
    }
    case Kind::FloatList: {
      c10::List<double> list;
      each(napi, value, [&](napi_value item) { list.push_back(as_double(napi, item)); });
      return list;
    }
    case Kind::BoolList: {
      c10::List<bool> list;
      each(napi, value, [&](napi_value item) { list.push_back(as_bool(napi, item)); });
      return list;
    }
    case Kind::ScalarList: {
      // Boxed as a list of numbers; the unboxing turns each into a Scalar.
      c10::impl::GenericList list(c10::NumberType::get());
      each(napi, value, [&](napi_value item) { list.push_back(scalar_of(napi, item)); });
      return list;
    }
    case Kind::StringList: {
      c10::List<std::string> list;
      each(napi, value, [&](napi_value item) { list.push_back(as_string(napi, item)); });
      return list;
    }
    default: throw ArgumentError("Values of this type cannot be passed from JavaScript.");
  }
}

void Operator::push(torch::jit::Stack& stack, size_t argc, const napi_value* argv) const {
  if (argc > arguments.size()) {
    throw ArgumentError("Expected at most " + std::to_string(arguments.size()) + " arguments but received " + std::to_string(argc) + ".");
  }
  stack.reserve(arguments.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    const ArgumentSpec& spec = arguments[i];
    napi_valuetype type = napi_undefined;
    if (i < argc) {
      // The commonest case first: a slot.
      if (spec.kind == Kind::Tensor) {
        int32_t slot;
        if (napi_get_value_int32(env.napi, argv[i], &slot) == napi_ok) {
          const at::Tensor* tensor = env.slots.find(slot);
          if (tensor) {
            stack.emplace_back(*tensor);
            continue;
          }
        }
      }
      napi_typeof(env.napi, argv[i], &type);
    }
    if (type == napi_undefined && spec.has_default) {
      stack.push_back(spec.default_value);
    } else if ((type == napi_undefined || type == napi_null) && spec.optional) {
      stack.emplace_back();
    } else if (type == napi_undefined || type == napi_null) {
      throw ArgumentError("Expected a value for " + spec.name + " but received none.");
    } else {
      try {
        stack.push_back(convert(env, spec, argv[i]));
      } catch (const ArgumentError& e) {
        throw ArgumentError("Argument " + spec.name + ": " + e.text);
      }
    }
  }
}

napi_value to_js(Env& env, const c10::IValue& value, Kind kind) {
  napi_env napi = env.napi;
  napi_value result;
  if (value.isNone()) {
    napi_get_null(napi, &result);
    return result;
  }
  if (value.isTensor()) {
    at::Tensor tensor = value.toTensor();
    if (tensor.defined()) {
      napi_create_int32(napi, env.slots.put(std::move(tensor)), &result);
    } else {
      napi_get_null(napi, &result);
    }
    return result;
  }
  if (value.isInt()) return from_int(napi, value.toInt());
  if (value.isBool()) return from_bool(napi, value.toBool());
  if (value.isDouble()) {
    napi_create_double(napi, value.toDouble(), &result);
    return result;
  }
  if (value.isString()) return from_string(napi, value.toStringRef());
  if (value.isDevice()) return from_string(napi, value.toDevice().str());
  if (value.isList() || value.isTuple()) {
    std::vector<c10::IValue> items = value.isTuple() ? value.toTuple()->elements().vec() : value.toListRef().vec();
    napi_create_array_with_length(napi, items.size(), &result);
    for (size_t i = 0; i < items.size(); ++i) napi_set_element(napi, result, i, to_js(env, items[i], kind));
    return result;
  }
  throw ArgumentError("Values of this type cannot be returned to JavaScript.");
}

napi_value Operator::pop(torch::jit::Stack& stack) const {
  napi_value result;
  if (returns_argument || returns.empty()) {
    napi_get_undefined(env.napi, &result);
  } else if (returns.size() == 1) {
    c10::IValue& top = stack.back();
    if (top.isTensor() && top.toTensor().defined()) {
      napi_create_int32(env.napi, env.slots.put(std::move(top).toTensor()), &result);
    } else {
      result = to_js(env, top, returns[0]);
    }
  } else {
    napi_create_array_with_length(env.napi, returns.size(), &result);
    size_t base = stack.size() - returns.size();
    for (size_t i = 0; i < returns.size(); ++i) {
      napi_set_element(env.napi, result, i, to_js(env, stack[base + i], returns[i]));
    }
  }
  return result;
}

static void describe_tensor(std::ostringstream& out, const Env& env, napi_value value) {
  int32_t slot;
  const at::Tensor* tensor = napi_get_value_int32(env.napi, value, &slot) == napi_ok ? env.slots.find(slot) : nullptr;
  if (!tensor) {
    out << "none";
    return;
  }
  out << c10::getDtypeNames(tensor->scalar_type()).first << ' ' << tensor->sizes() << ' ' << tensor->device();
}

std::string Operator::describe(size_t argc, const napi_value* argv) const {
  std::ostringstream out;
  out << "in " << handle.schema();
  for (size_t i = 0; i < arguments.size() && i < argc; ++i) {
    const ArgumentSpec& spec = arguments[i];
    napi_valuetype type;
    napi_typeof(env.napi, argv[i], &type);
    if (type == napi_undefined) continue;
    out << "\n  " << spec.name << ": ";
    if (spec.kind == Kind::Tensor) {
      describe_tensor(out, env, argv[i]);
    } else if (spec.kind == Kind::TensorList || spec.kind == Kind::OptionalTensorList) {
      uint32_t length = 0;
      napi_get_array_length(env.napi, argv[i], &length);
      out << length << " tensors:";
      for (uint32_t k = 0; k < length && k < 8; ++k) {
        napi_value item;
        napi_get_element(env.napi, argv[i], k, &item);
        out << (k ? ", " : " ");
        describe_tensor(out, env, item);
      }
      if (length > 8) out << ", …";
    } else {
      napi_value text;
      if (napi_coerce_to_string(env.napi, argv[i], &text) == napi_ok) out << as_string(env.napi, text);
    }
  }
  return out.str();
}

}  // namespace me
