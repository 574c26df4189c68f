// Small conversions between Node-API values and C++, used by the functions that are not operators.
#pragma once
#include <node_api.h>

#include <string>
#include <vector>

#include "errors.h"

namespace me {

std::string as_string(napi_env env, napi_value value);
int32_t as_int32(napi_env env, napi_value value);
int64_t as_int64(napi_env env, napi_value value);  // number or BigInt
double as_double(napi_env env, napi_value value);
bool as_bool(napi_env env, napi_value value);
bool is_nullish(napi_env env, napi_value value);
std::vector<int64_t> as_int64_list(napi_env env, napi_value value);

inline napi_value from_int(napi_env env, int64_t value) {
  napi_value result;
  napi_create_int64(env, value, &result);
  return result;
}
inline napi_value from_bool(napi_env env, bool value) {
  napi_value result;
  napi_get_boolean(env, value, &result);
  return result;
}
inline napi_value from_string(napi_env env, const std::string& value) {
  napi_value result;
  napi_create_string_utf8(env, value.c_str(), value.size(), &result);
  return result;
}
inline napi_value undefined(napi_env env) {
  napi_value result;
  napi_get_undefined(env, &result);
  return result;
}

}  // namespace me
