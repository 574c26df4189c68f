// Work off the JavaScript thread, with a promise for its result.
#pragma once
#include <node_api.h>

#include <functional>
#include <string>

namespace me {

struct Env;

// Runs `work` on a thread of Node's pool, then `finish` on the JavaScript thread: what it returns fulfils the promise that
// comes back. An exception of either rejects it.
napi_value in_background(Env& env, const std::string& name, std::function<void()> work, std::function<napi_value()> finish);

}  // namespace me
