// Calling operators: at once, or on a worker thread with a promise.
#include <ATen/ThreadLocalState.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include "env.h"
#include "values.h"

namespace me {

static constexpr size_t kMaxArguments = 48;
// Node fills what was asked for and not given with undefined: few are asked for, more only where there are more.
static constexpr size_t kUsualArguments = 8;

// Runs a kernel. While gradients are off there is nothing for the autograd layer to record; skipping it leaves views
// and version counters to the layer below, which keeps them right.
template <typename F>
static auto below_autograd(F&& body) {
  if (c10::GradMode::is_enabled()) return body();
  c10::impl::ExcludeDispatchKeyGuard guard(c10::autograd_dispatch_keyset);
  return body();
}

static void run_kernel(const Operator& op, torch::jit::Stack& stack) {
  below_autograd([&] { op.handle.callBoxed(stack); });
}

static std::string first_line(const Operator& op) { return op.name + " failed"; }

static void throw_from(const Operator& op, size_t argc, const napi_value* argv) {
  Failure failure = describe_current_exception();
  failure.text = first_line(op) + ": " + failure.text + "\n" + op.describe(argc, argv);
  napi_throw(op.env.napi, make_error(op.env, failure));
}

static napi_value call(napi_env napi, napi_callback_info info) {
  napi_value argv[kMaxArguments];
  size_t argc = kUsualArguments;
  void* data;
  napi_get_cb_info(napi, info, &argc, argv, nullptr, &data);
  if (argc > kUsualArguments) {
    argc = kMaxArguments;
    napi_get_cb_info(napi, info, &argc, argv, nullptr, &data);
  }
  const Operator& op = *static_cast<Operator*>(data);
  torch::jit::Stack& stack = op.env.stack;
  op.env.drain();
  try {
    at::Tensor fast;
    if (below_autograd([&] { return op.call_typed(argc, argv, fast); })) {
      napi_value slot;
      if (fast.defined()) napi_create_int32(napi, op.env.slots.put(std::move(fast)), &slot);
      else napi_get_null(napi, &slot);
      return slot;
    }
    stack.clear();
    op.push(stack, argc, argv);
    run_kernel(op, stack);
    napi_value result = op.pop(stack);
    stack.clear();
    return result;
  } catch (...) {
    stack.clear();
    throw_from(op, argc, argv);
    return nullptr;
  }
}

struct AsyncCall {
  const Operator* op;
  torch::jit::Stack stack;
  at::ThreadLocalState state;  // gradient mode and friends, as the caller had them
  napi_async_work work;
  napi_deferred deferred;
  std::string description;
  bool failed = false;
  Failure failure;
};

static void run_async(napi_env, void* data) {
  auto& call = *static_cast<AsyncCall*>(data);
  try {
    at::ThreadLocalStateGuard guard(call.state);
    run_kernel(*call.op, call.stack);
  } catch (...) {
    call.failed = true;
    call.failure = describe_current_exception();
  }
}

static void finish_async(napi_env napi, napi_status, void* data) {
  std::unique_ptr<AsyncCall> call(static_cast<AsyncCall*>(data));
  Env& env = call->op->env;
  napi_delete_async_work(napi, call->work);
  if (!call->failed) {
    try {
      napi_resolve_deferred(napi, call->deferred, call->op->pop(call->stack));
      return;
    } catch (...) {
      call->failure = describe_current_exception();
    }
  }
  call->failure.text = first_line(*call->op) + ": " + call->failure.text + "\n" + call->description;
  napi_reject_deferred(napi, call->deferred, make_error(env, call->failure));
}

static napi_value call_async(napi_env napi, napi_callback_info info) {
  napi_value argv[kMaxArguments];
  size_t argc = kMaxArguments;
  void* data;
  napi_get_cb_info(napi, info, &argc, argv, nullptr, &data);
  const Operator& op = *static_cast<Operator*>(data);
  op.env.drain();
  try {
    auto call = std::make_unique<AsyncCall>();
    call->op = &op;
    op.push(call->stack, argc, argv);
    call->description = op.describe(argc, argv);
    napi_value promise, name = from_string(napi, op.name);
    napi_create_promise(napi, &call->deferred, &promise);
    AsyncCall* raw = call.release();
    napi_create_async_work(napi, nullptr, name, run_async, finish_async, raw, &raw->work);
    napi_queue_async_work(napi, raw->work);
    return promise;
  } catch (...) {
    throw_from(op, argc, argv);
    return nullptr;
  }
}

Operator& Env::find_operator(const std::string& name, const std::string& overload) {
  std::string key = name + "." + overload;
  auto found = operators.find(key);
  if (found != operators.end()) return *found->second;
  auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle) throw ArgumentError("There is no operator " + name + (overload.empty() ? "" : "." + overload) + " in this libtorch.");
  return *operators.emplace(key, std::make_unique<Operator>(*this, *handle)).first->second;
}

static napi_value bind_with(Env& env, napi_value* argv, napi_callback callback) {
  Operator& op = env.find_operator(as_string(env.napi, argv[0]), as_string(env.napi, argv[1]));
  napi_value function;
  napi_create_function(env.napi, op.name.c_str(), NAPI_AUTO_LENGTH, callback, &op, &function);
  return function;
}

// bind(name, overload) -> (…arguments) => result
static napi_value bind(Env& env, size_t, napi_value* argv) { return bind_with(env, argv, call); }
// bindAsync(name, overload) -> (…arguments) => Promise<result>
static napi_value bind_async(Env& env, size_t, napi_value* argv) { return bind_with(env, argv, call_async); }

// operators() -> the schema text of every operator that libtorch has registered
static napi_value operators(Env& env, size_t, napi_value*) {
  auto& dispatcher = c10::Dispatcher::singleton();
  napi_value list;
  napi_create_array(env.napi, &list);
  uint32_t count = 0;
  for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
    auto handle = dispatcher.findSchema(name);
    if (!handle) continue;
    std::ostringstream text;
    text << handle->schema();
    napi_set_element(env.napi, list, count++, from_string(env.napi, text.str()));
  }
  return list;
}

// schema(name, overload) -> {arguments: [[name, kind, optional, hasDefault, keywordOnly, type]], returns: [kind], returnsArgument}
static napi_value schema(Env& env, size_t, napi_value* argv) {
  Operator& op = env.find_operator(as_string(env.napi, argv[0]), as_string(env.napi, argv[1]));
  napi_env napi = env.napi;
  napi_value result, arguments, returns;
  napi_create_object(napi, &result);
  napi_create_array(napi, &arguments);
  for (size_t i = 0; i < op.arguments.size(); ++i) {
    const ArgumentSpec& spec = op.arguments[i];
    const c10::Argument& argument = op.handle.schema().arguments()[i];
    napi_value row;
    napi_create_array(napi, &row);
    napi_set_element(napi, row, 0, from_string(napi, spec.name));
    napi_set_element(napi, row, 1, from_int(napi, static_cast<int>(spec.kind)));
    napi_set_element(napi, row, 2, from_bool(napi, spec.optional));
    napi_set_element(napi, row, 3, from_bool(napi, spec.has_default));
    napi_set_element(napi, row, 4, from_bool(napi, argument.kwarg_only()));
    napi_set_element(napi, row, 5, from_string(napi, argument.real_type()->annotation_str()));
    napi_set_element(napi, arguments, i, row);
  }
  napi_create_array(napi, &returns);
  for (size_t i = 0; i < op.returns.size(); ++i) napi_set_element(napi, returns, i, from_int(napi, static_cast<int>(op.returns[i])));
  napi_set_named_property(napi, result, "arguments", arguments);
  napi_set_named_property(napi, result, "returns", returns);
  napi_set_named_property(napi, result, "returnsArgument", from_bool(napi, op.returns_argument));
  return result;
}

void define_calls(Env& env, napi_value exports) {
  define(env, exports, "bind", bind);
  define(env, exports, "bindAsync", bind_async);
  define(env, exports, "operators", operators);
  define(env, exports, "schema", schema);
}

}  // namespace me
