// Process groups of libtorch's c10d: the stores by which processes find each other, and the groups whose collectives are
// then called as operators (`_c10d_functional::all_reduce` and so on) by the group's name.
#define USE_C10D_GLOO
#include "process-groups.h"

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "background.h"
#include "env.h"
#include "values.h"

namespace me {

using StorePointer = c10::intrusive_ptr<c10d::Store>;
using GroupPointer = c10::intrusive_ptr<c10d::ProcessGroup>;
using std::chrono::milliseconds;

// c10d's registry of groups is one for the process and holds weak references; these are the strong ones. Never destroyed:
// at the end of the process a group would wait for collectives that no one answers any more.
struct Held {
  std::mutex mutex;
  int next = 1;
  std::map<int, StorePointer> stores;
  std::map<std::string, GroupPointer> groups;
};
static Held& held() {
  static auto* all = new Held();
  return *all;
}

static StorePointer store_of(int handle) {
  std::lock_guard<std::mutex> lock(held().mutex);
  auto found = held().stores.find(handle);
  if (found == held().stores.end()) throw ArgumentError("This store has been closed.");
  return found->second;
}

static int keep(StorePointer store) {
  std::lock_guard<std::mutex> lock(held().mutex);
  held().stores.emplace(held().next, std::move(store));
  return held().next++;
}

// c10d prints what fails in a store with its C++ stack, though the exception says the same.
class QuietLog {
 public:
  QuietLog() {
    std::lock_guard<std::mutex> lock(mutex());
    if (depth_++ == 0) before_ = std::exchange(FLAGS_caffe2_log_level, 3);
  }
  ~QuietLog() {
    std::lock_guard<std::mutex> lock(mutex());
    if (--depth_ == 0) FLAGS_caffe2_log_level = before_;
  }

 private:
  static std::mutex& mutex() {
    static auto* one = new std::mutex();
    return *one;
  }
  static inline int depth_ = 0;
  static inline int before_ = 0;
};

struct StorePlace {
  std::string host_or_path;
  int port = -1;  // -1: a file
  bool serve = false;
  std::string prefix;
};

static StorePointer open(const StorePlace& place, int size, milliseconds timeout) {
  QuietLog quiet;
  StorePointer store;
  if (place.port < 0) {
    store = c10::make_intrusive<c10d::FileStore>(place.host_or_path, size);
  } else {
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(place.port);
    options.isServer = place.serve;
    // Who is missing is found out afterwards, by name.
    options.waitWorkers = false;
    options.timeout = timeout;
    store = c10::make_intrusive<c10d::TCPStore>(place.host_or_path, options);
  }
  store->setTimeout(timeout);
  if (!place.prefix.empty()) store = c10::make_intrusive<c10d::PrefixStore>(place.prefix, store);
  return store;
}

// openStore(host or path, port or -1, serve, prefix, size, timeoutMs) -> Promise of a handle
static napi_value open_store(Env& env, size_t, napi_value* argv) {
  StorePlace place;
  place.host_or_path = as_string(env.napi, argv[0]);
  place.port = as_int32(env.napi, argv[1]);
  place.serve = as_bool(env.napi, argv[2]);
  place.prefix = as_string(env.napi, argv[3]);
  const int size = as_int32(env.napi, argv[4]);
  const milliseconds timeout(as_int64(env.napi, argv[5]));
  auto handle = std::make_shared<int>(0);
  auto work = [=] { *handle = keep(open(place, size, timeout)); };
  return in_background(env, work, [&env, handle] { return from_int(env.napi, *handle); });
}

// closeStore(handle): a store that this process serves ends with it
static napi_value close_store(Env& env, size_t, napi_value* argv) {
  std::lock_guard<std::mutex> lock(held().mutex);
  held().stores.erase(as_int32(env.napi, argv[0]));
  return undefined(env.napi);
}

// storeSet(handle, key, text) -> Promise
static napi_value store_set(Env& env, size_t, napi_value* argv) {
  StorePointer store = store_of(as_int32(env.napi, argv[0]));
  std::string key = as_string(env.napi, argv[1]), text = as_string(env.napi, argv[2]);
  auto work = [=] {
    QuietLog quiet;
    store->set(key, std::vector<uint8_t>(text.begin(), text.end()));
  };
  return in_background(env, work, [&env] { return undefined(env.napi); });
}

// storeGet(handle, key) -> Promise of the text, null when the key is not there
static napi_value store_get(Env& env, size_t, napi_value* argv) {
  StorePointer store = store_of(as_int32(env.napi, argv[0]));
  std::string key = as_string(env.napi, argv[1]);
  auto text = std::make_shared<std::optional<std::string>>();
  auto work = [=] {
    QuietLog quiet;
    if (!store->check({key})) return;
    std::vector<uint8_t> value = store->get(key);
    *text = std::string(value.begin(), value.end());
  };
  return in_background(env, work, [&env, text] {
    napi_value none;
    napi_get_null(env.napi, &none);
    return text->has_value() ? from_string(env.napi, **text) : none;
  });
}

// storeAdd(handle, key, by) -> Promise of the new value
static napi_value store_add(Env& env, size_t, napi_value* argv) {
  StorePointer store = store_of(as_int32(env.napi, argv[0]));
  std::string key = as_string(env.napi, argv[1]);
  const int64_t by = as_int64(env.napi, argv[2]);
  auto value = std::make_shared<int64_t>(0);
  auto work = [=] {
    QuietLog quiet;
    *value = store->add(key, by);
  };
  return in_background(env, work, [&env, value] { return from_int(env.napi, *value); });
}

// storeDelete(handle, key) -> Promise
static napi_value store_delete(Env& env, size_t, napi_value* argv) {
  StorePointer store = store_of(as_int32(env.napi, argv[0]));
  std::string key = as_string(env.napi, argv[1]);
  auto work = [=] {
    QuietLog quiet;
    store->deleteKey(key);
  };
  return in_background(env, work, [&env] { return undefined(env.napi); });
}

struct GroupPlan {
  std::string name;
  int rank = 0, size = 1;
  bool nccl = false;
  milliseconds timeout{0};
  std::string interface_, host;  // where Gloo listens; both empty: this machine's host name decides
};

static std::shared_ptr<::gloo::transport::Device> gloo_device(const GroupPlan& plan) {
  if (!plan.interface_.empty()) return c10d::ProcessGroupGloo::createDeviceForInterface(plan.interface_);
  if (!plan.host.empty()) return c10d::ProcessGroupGloo::createDeviceForHostname(plan.host);
  return c10d::ProcessGroupGloo::createDefaultDevice();
}

static c10::intrusive_ptr<c10d::Backend> make_gloo(const StorePointer& store, const GroupPlan& plan) {
  auto options = c10d::ProcessGroupGloo::Options::create(plan.timeout);
  options->devices.push_back(gloo_device(plan));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, plan.rank, plan.size, options);
}

static GroupPointer make_group(const StorePointer& store, const GroupPlan& plan) {
  using Type = c10d::ProcessGroup::BackendType;
  if (plan.nccl && !make_nccl) throw ArgumentError("This binding was built without NCCL.");
  StorePointer own = c10::make_intrusive<c10d::PrefixStore>(plan.name, store);
  auto group = c10::make_intrusive<c10d::ProcessGroup>(own, plan.rank, plan.size);
  // Gloo serves CPU tensors also beside NCCL.
  group->setBackend(c10::DeviceType::CPU, Type::GLOO, make_gloo(c10::make_intrusive<c10d::PrefixStore>("gloo", own), plan));
  if (plan.nccl) {
    StorePointer nccl = c10::make_intrusive<c10d::PrefixStore>("nccl", own);
    group->setBackend(c10::DeviceType::CUDA, Type::NCCL, make_nccl(nccl, plan.rank, plan.size, plan.timeout));
  }
  group->setDefaultBackend(plan.nccl ? Type::NCCL : Type::GLOO);
  group->setGroupName(plan.name);
  return group;
}

// createGroup(store, name, rank, size, nccl, timeoutMs, interface or "", host or "") -> Promise, once every rank has come
static napi_value create_group(Env& env, size_t, napi_value* argv) {
  StorePointer store = store_of(as_int32(env.napi, argv[0]));
  GroupPlan plan;
  plan.name = as_string(env.napi, argv[1]);
  plan.rank = as_int32(env.napi, argv[2]);
  plan.size = as_int32(env.napi, argv[3]);
  plan.nccl = as_bool(env.napi, argv[4]);
  plan.timeout = milliseconds(as_int64(env.napi, argv[5]));
  plan.interface_ = as_string(env.napi, argv[6]);
  plan.host = as_string(env.napi, argv[7]);
  auto work = [=] {
    GroupPointer group = make_group(store, plan);
    c10d::register_process_group(plan.name, group);
    std::lock_guard<std::mutex> lock(held().mutex);
    held().groups[plan.name] = group;
  };
  return in_background(env, work, [&env] { return undefined(env.napi); });
}

// closeGroup(name) -> Promise
static napi_value close_group(Env& env, size_t, napi_value* argv) {
  std::string name = as_string(env.napi, argv[0]);
  auto work = [=] {
    GroupPointer group;
    {
      std::lock_guard<std::mutex> lock(held().mutex);
      auto found = held().groups.find(name);
      if (found == held().groups.end()) return;
      group = found->second;
      held().groups.erase(found);
    }
    group->shutdown();
    c10d::unregister_process_group(name);
  };
  return in_background(env, work, [&env] { return undefined(env.napi); });
}

// waitTensor(slot) -> Promise, once the collectives that write the tensor are done
static napi_value wait_tensor(Env& env, size_t, napi_value* argv) {
  at::Tensor tensor = env.slots.get(as_int32(env.napi, argv[0]));
  auto work = [tensor] {
    static auto op = c10::Dispatcher::singleton()
                         .findSchemaOrThrow("_c10d_functional::wait_tensor", "")
                         .typed<at::Tensor(const at::Tensor&)>();
    at::NoGradGuard off;
    op.call(tensor);
  };
  return in_background(env, work, [&env] { return undefined(env.napi); });
}

// hasNccl() -> whether the unit for NCCL is in this binding
static napi_value has_nccl(Env& env, size_t, napi_value*) { return from_bool(env.napi, make_nccl != nullptr); }

void define_process_groups(Env& env, napi_value exports) {
  define(env, exports, "openStore", open_store);
  define(env, exports, "closeStore", close_store);
  define(env, exports, "storeSet", store_set);
  define(env, exports, "storeGet", store_get);
  define(env, exports, "storeAdd", store_add);
  define(env, exports, "storeDelete", store_delete);
  define(env, exports, "createGroup", create_group);
  define(env, exports, "closeGroup", close_group);
  define(env, exports, "waitTensor", wait_tensor);
  define(env, exports, "hasNccl", has_nccl);
}

}  // namespace me
