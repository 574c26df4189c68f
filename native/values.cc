#include "values.h"

namespace me {

static void require(napi_status status, const char* what) {
  if (status != napi_ok) throw ArgumentError(std::string("Expected ") + what + " as an argument of the binding.");
}

std::string as_string(napi_env env, napi_value value) {
  size_t length = 0;
  require(napi_get_value_string_utf8(env, value, nullptr, 0, &length), "a string");
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, text.data(), length + 1, &length);
  return text;
}

int32_t as_int32(napi_env env, napi_value value) {
  int32_t result;
  require(napi_get_value_int32(env, value, &result), "an integer");
  return result;
}

int64_t as_int64(napi_env env, napi_value value) {
  int64_t result;
  if (napi_get_value_int64(env, value, &result) == napi_ok) return result;
  bool lossless;
  require(napi_get_value_bigint_int64(env, value, &result, &lossless), "an integer");
  return result;
}

double as_double(napi_env env, napi_value value) {
  double result;
  require(napi_get_value_double(env, value, &result), "a number");
  return result;
}

bool as_bool(napi_env env, napi_value value) {
  bool result;
  require(napi_get_value_bool(env, value, &result), "a boolean");
  return result;
}

bool is_nullish(napi_env env, napi_value value) {
  napi_valuetype type;
  napi_typeof(env, value, &type);
  return type == napi_undefined || type == napi_null;
}

std::vector<int64_t> as_int64_list(napi_env env, napi_value value) {
  uint32_t length = 0;
  require(napi_get_array_length(env, value, &length), "an array of integers");
  std::vector<int64_t> list(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item;
    napi_get_element(env, value, i, &item);
    list[i] = as_int64(env, item);
  }
  return list;
}

}  // namespace me
