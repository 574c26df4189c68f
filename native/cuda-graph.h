// CUDA graphs: work that is queued once, recorded, and launched again as a whole.
#pragma once
#include <node_api.h>

namespace me {

struct Env;

// Adds useGraphStream, beginCapture, endCapture, launchGraph and freeGraph to `exports`.
void define_cuda_graphs(Env& env, napi_value exports);

}  // namespace me
