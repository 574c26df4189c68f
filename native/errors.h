// How C++ exceptions become JavaScript errors: typed, with the operator's name and what it was given.
#pragma once
#include <node_api.h>
#include <exception>
#include <string>

namespace me {

struct Env;

// A mistake in the arguments of a call into the binding (freed tensor, wrong JavaScript type).
struct ArgumentError : std::exception {
  std::string text;
  explicit ArgumentError(std::string t) : text(std::move(t)) {}
  const char* what() const noexcept override { return text.c_str(); }
};

struct Failure {
  const char* code;  // ERR_OPERATOR | ERR_OUT_OF_MEMORY | ERR_ARGUMENT
  std::string text;
};

// The exception in flight, as code and text without C++ stack.
Failure describe_current_exception();

// An instance of the class registered with `setErrorClass` (a plain Error before that).
napi_value make_error(Env& env, const Failure& failure);

// Throws into JavaScript the exception in flight; `context` is appended on its own lines.
void throw_current_exception(Env& env, const std::string& context = "");

}  // namespace me
