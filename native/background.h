// Work off the JavaScript thread, with a promise for its result.
#pragma once
#include <node_api.h>

#include <functional>

namespace me {

struct Env;

// Runs `work` on a thread of its own, then `finish` on the JavaScript thread: what it returns fulfils the promise that comes
// back. An exception of either rejects it. The thread may block for ever (a server that was stopped does not answer): it
// keeps neither the event loop nor the end of the process waiting, which a thread of Node's pool would. So the caller holds a
// timer while it waits.
napi_value in_background(Env& env, std::function<void()> work, std::function<napi_value()> finish);

}  // namespace me
