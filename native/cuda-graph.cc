#include "cuda-graph.h"

#include <map>
#include <vector>

#include "cuda-driver.h"
#include "env.h"
#include "values.h"

namespace me {
namespace {

// What of cuda.h is used; its interface is C and stable.
constexpr unsigned kNonBlockingStream = 1;  // CU_STREAM_NON_BLOCKING
// The recording thread may allocate memory meanwhile: libtorch's allocator knows nothing of the recording.
constexpr int kRelaxedCapture = 2;  // CU_STREAM_CAPTURE_MODE_RELAXED

struct Graph {
  void* graph = nullptr;
  void* executable = nullptr;
  int device = 0;
};

std::vector<Graph>& graphs() {
  thread_local std::vector<Graph> table;
  return table;
}

Graph& graph_of(int32_t handle) {
  if (handle < 0 || static_cast<size_t>(handle) >= graphs().size() || !graphs()[handle].executable)
    throw ArgumentError("This CUDA graph has been disposed of.");
  return graphs()[handle];
}

// The default stream cannot be recorded. One stream a device, for good: cuBLAS keeps a workspace for every stream it saw.
void* side_stream(int device) {
  thread_local std::map<int, void*> streams;
  void*& stream = streams[device];
  if (!stream) check(driver<int (*)(void**, unsigned)>("cuStreamCreate")(&stream, kNonBlockingStream), "cuStreamCreate");
  return stream;
}

void wait_for_device() { check(driver<int (*)()>("cuCtxSynchronize")(), "cuCtxSynchronize"); }

// useGraphStream(device, on): what libtorch does from now on it does on the stream for recording (or no longer)
napi_value use_stream(Env& env, size_t, napi_value* argv) {
  const int device = as_int32(env.napi, argv[0]);
  DeviceScope scope(device);
  wait_for_device();
  scope.use(as_bool(env.napi, argv[1]) ? side_stream(device) : nullptr);
  return undefined(env.napi);
}

// beginCapture(device): work is recorded instead of done until endCapture
napi_value begin(Env& env, size_t, napi_value* argv) {
  const int device = as_int32(env.napi, argv[0]);
  DeviceScope scope(device);
  wait_for_device();
  check(driver<int (*)(void*, int)>("cuStreamBeginCapture_v2")(side_stream(device), kRelaxedCapture), "cuStreamBeginCapture");
  return undefined(env.napi);
}

// endCapture(device) -> handle of a graph that can be launched
napi_value end(Env& env, size_t, napi_value* argv) {
  Graph made;
  made.device = as_int32(env.napi, argv[0]);
  DeviceScope scope(made.device);
  check(driver<int (*)(void*, void**)>("cuStreamEndCapture")(side_stream(made.device), &made.graph), "cuStreamEndCapture");
  const int status =
      driver<int (*)(void**, void*, unsigned long long)>("cuGraphInstantiateWithFlags")(&made.executable, made.graph, 0);
  if (status != 0) driver<int (*)(void*)>("cuGraphDestroy")(made.graph);
  check(status, "cuGraphInstantiate");
  for (size_t i = 0; i < graphs().size(); ++i) {
    if (graphs()[i].executable) continue;
    graphs()[i] = made;
    return from_int(env.napi, static_cast<int64_t>(i));
  }
  graphs().push_back(made);
  return from_int(env.napi, static_cast<int64_t>(graphs().size()) - 1);
}

// launchGraph(handle): queues it on libtorch's current stream
napi_value launch(Env& env, size_t, napi_value* argv) {
  Graph& graph = graph_of(as_int32(env.napi, argv[0]));
  DeviceScope scope(graph.device);
  check(driver<int (*)(void*, void*)>("cuGraphLaunch")(graph.executable, scope.stream()), "cuGraphLaunch");
  return undefined(env.napi);
}

// freeGraph(handle), once it is done
napi_value release(Env& env, size_t, napi_value* argv) {
  Graph& graph = graph_of(as_int32(env.napi, argv[0]));
  DeviceScope scope(graph.device);
  wait_for_device();
  driver<int (*)(void*)>("cuGraphExecDestroy")(graph.executable);
  driver<int (*)(void*)>("cuGraphDestroy")(graph.graph);
  graph = Graph{};
  return undefined(env.napi);
}

}  // namespace

void define_cuda_graphs(Env& env, napi_value exports) {
  define(env, exports, "useGraphStream", use_stream);
  define(env, exports, "beginCapture", begin);
  define(env, exports, "endCapture", end);
  define(env, exports, "launchGraph", launch);
  define(env, exports, "freeGraph", release);
}

}  // namespace me
