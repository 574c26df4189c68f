#include "errors.h"

#include <c10/util/Exception.h>

#include "env.h"

namespace me {

static std::string first_part(std::string text) {
  // c10 appends the C++ stack ("Exception raised from …"): of no use on a JavaScript stack.
  auto cut = text.find("\nException raised from");
  if (cut != std::string::npos) text.resize(cut);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

Failure describe_current_exception() {
  try {
    throw;
  } catch (const ArgumentError& e) {
    return {"ERR_ARGUMENT", e.text};
  } catch (const c10::OutOfMemoryError& e) {
    return {"ERR_OUT_OF_MEMORY", first_part(e.what_without_backtrace())};
  } catch (const c10::Error& e) {
    std::string text = first_part(e.what_without_backtrace());
    // The CPU allocator reports exhaustion as a plain error.
    bool memory = text.find("not enough memory") != std::string::npos || text.find("can't allocate memory") != std::string::npos;
    return {memory ? "ERR_OUT_OF_MEMORY" : "ERR_OPERATOR", text};
  } catch (const std::bad_alloc&) {
    return {"ERR_OUT_OF_MEMORY", "the host has no memory left"};
  } catch (const std::exception& e) {
    return {"ERR_OPERATOR", first_part(e.what())};
  } catch (...) {
    return {"ERR_OPERATOR", "unknown C++ exception"};
  }
}

napi_value make_error(Env& env, const Failure& failure) {
  napi_value code, message, error;
  napi_create_string_utf8(env.napi, failure.code, NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env.napi, failure.text.c_str(), failure.text.size(), &message);
  if (env.error_factory) {
    napi_value factory, undefined, args[2] = {code, message};
    napi_get_reference_value(env.napi, env.error_factory, &factory);
    napi_get_undefined(env.napi, &undefined);
    if (napi_call_function(env.napi, undefined, factory, 2, args, &error) == napi_ok) return error;
  }
  napi_create_error(env.napi, code, message, &error);
  return error;
}

void throw_current_exception(Env& env, const std::string& context) {
  Failure failure = describe_current_exception();
  if (!context.empty()) failure.text += "\n" + context;
  napi_throw(env.napi, make_error(env, failure));
}

}  // namespace me
