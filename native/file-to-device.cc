// Bytes of a file straight to a GPU: threads read into pinned memory, the device's copy engine takes it from there, so
// that reading and copying overlap and neither is one thread's work.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "cuda-driver.h"
#include "env.h"
#include "values.h"

namespace me {
namespace {

constexpr size_t kPiece = size_t{8} << 20;
constexpr size_t kBuffersPerThread = 2;

// Pinned pieces and the stream of one reading thread; made when first needed, freed by freeStaging.
struct Lane {
  void* stream = nullptr;
  void* buffers[kBuffersPerThread] = {};
  void* events[kBuffersPerThread] = {};
};
struct Staging {
  int device = 0;
  std::vector<Lane> lanes;
};

Staging& staging() {
  thread_local Staging instance;
  return instance;
}

void free_lanes(Staging& s) {
  if (s.lanes.empty()) return;
  DeviceScope scope(s.device);
  for (Lane& lane : s.lanes) {
    for (size_t i = 0; i < kBuffersPerThread; ++i) {
      if (lane.events[i]) driver<int (*)(void*)>("cuEventDestroy_v2")(lane.events[i]);
      if (lane.buffers[i]) driver<int (*)(void*)>("cuMemFreeHost")(lane.buffers[i]);
    }
    if (lane.stream) driver<int (*)(void*)>("cuStreamDestroy_v2")(lane.stream);
  }
  s.lanes.clear();
}

void make_lanes(Staging& s, int device, size_t count) {
  if (s.device != device) free_lanes(s);
  s.device = device;
  while (s.lanes.size() < count) {
    Lane& lane = s.lanes.emplace_back();
    check(driver<int (*)(void**, unsigned)>("cuStreamCreate")(&lane.stream, 1), "cuStreamCreate");
    for (size_t i = 0; i < kBuffersPerThread; ++i) {
      check(driver<int (*)(void**, size_t, unsigned)>("cuMemHostAlloc")(&lane.buffers[i], kPiece, 0), "cuMemHostAlloc");
      check(driver<int (*)(void**, unsigned)>("cuEventCreate")(&lane.events[i], 2 /* no timing */), "cuEventCreate");
    }
  }
}

// The first thing that went wrong in any thread.
struct Trouble {
  std::mutex mutex;
  std::string text;
  std::atomic<bool> any{false};
  void tell(const std::string& what) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!any) text = what;
    any = true;
  }
};

void read_whole(int fd, char* to, size_t length, int64_t offset) {
  while (length > 0) {
    const ssize_t got = pread(fd, to, length, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw ArgumentError(std::string("it cannot be read: ") + std::strerror(errno));
    if (got == 0) throw ArgumentError("it ends too early: it was changed while it was read");
    to += got;
    length -= static_cast<size_t>(got);
    offset += got;
  }
}

// One thread's share: pieces are taken as they come.
void work(Lane& lane, void* context, int fd, int64_t offset, size_t length, uint64_t target, std::atomic<size_t>& next, Trouble& trouble) {
  try {
    check(driver<int (*)(void*)>("cuCtxSetCurrent")(context), "cuCtxSetCurrent");
    auto wait = driver<int (*)(void*)>("cuEventSynchronize");
    auto copy = driver<int (*)(uint64_t, const void*, size_t, void*)>("cuMemcpyHtoDAsync_v2");
    auto mark = driver<int (*)(void*, void*)>("cuEventRecord");
    for (size_t round = 0; !trouble.any; ++round) {
      const size_t at = next.fetch_add(1) * kPiece;
      if (at >= length) break;
      const size_t i = round % kBuffersPerThread;
      if (round >= kBuffersPerThread) check(wait(lane.events[i]), "cuEventSynchronize");
      const size_t size = std::min(kPiece, length - at);
      read_whole(fd, static_cast<char*>(lane.buffers[i]), size, offset + static_cast<int64_t>(at));
      check(copy(target + at, lane.buffers[i], size, lane.stream), "cuMemcpyHtoDAsync");
      check(mark(lane.events[i], lane.stream), "cuEventRecord");
    }
    check(driver<int (*)(void*)>("cuStreamSynchronize")(lane.stream), "cuStreamSynchronize");
  } catch (const std::exception& error) {
    trouble.tell(error.what());
  }
}

struct File {
  int fd;
  explicit File(const std::string& path) : fd(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd < 0) throw ArgumentError(path + " cannot be opened: " + std::strerror(errno));
  }
  ~File() { close(fd); }
};

// fileToDevice(path, offset, slot, threads): fills a contiguous CUDA tensor with the file's bytes from offset on
napi_value file_to_device(Env& env, size_t, napi_value* argv) {
  const std::string path = as_string(env.napi, argv[0]);
  const int64_t offset = as_int64(env.napi, argv[1]);
  const at::Tensor& tensor = env.slots.get(as_int32(env.napi, argv[2]));
  if (!tensor.is_cuda() || !tensor.is_contiguous()) throw ArgumentError("Expected a contiguous tensor on CUDA.");
  const size_t length = tensor.nbytes();
  const size_t pieces = (length + kPiece - 1) / kPiece;
  const size_t count = std::min(pieces, static_cast<size_t>(std::max(1, as_int32(env.napi, argv[3]))));
  File file(path);
  DeviceScope scope(tensor.get_device());
  Staging& stage = staging();
  make_lanes(stage, tensor.get_device(), count);
  // The memory may be some that queued work still reads.
  check(driver<int (*)()>("cuCtxSynchronize")(), "cuCtxSynchronize");
  void* context = nullptr;
  check(driver<int (*)(void**)>("cuCtxGetCurrent")(&context), "cuCtxGetCurrent");
  const auto target = reinterpret_cast<uint64_t>(tensor.data_ptr());
  std::atomic<size_t> next{0};
  Trouble trouble;
  std::vector<std::thread> threads;
  for (size_t i = 1; i < count; ++i)
    threads.emplace_back([&, i] { work(stage.lanes[i], context, file.fd, offset, length, target, next, trouble); });
  if (count > 0) work(stage.lanes[0], context, file.fd, offset, length, target, next, trouble);
  for (auto& thread : threads) thread.join();
  if (trouble.any) throw ArgumentError(path + ": " + trouble.text + ".");
  return undefined(env.napi);
}

// fileToMemory(path, offset, slot): fills a contiguous CPU tensor with the file's bytes from offset on
napi_value file_to_memory(Env& env, size_t, napi_value* argv) {
  const std::string path = as_string(env.napi, argv[0]);
  const at::Tensor& tensor = env.slots.get(as_int32(env.napi, argv[2]));
  if (!tensor.is_cpu() || !tensor.is_contiguous()) throw ArgumentError("Expected a contiguous tensor in memory.");
  File file(path);
  try {
    read_whole(file.fd, static_cast<char*>(tensor.data_ptr()), tensor.nbytes(), as_int64(env.napi, argv[1]));
  } catch (const ArgumentError& error) {
    throw ArgumentError(path + ": " + error.what() + ".");
  }
  return undefined(env.napi);
}

// freeStaging(): gives the pinned memory back
napi_value free_staging(Env& env, size_t, napi_value*) {
  free_lanes(staging());
  return undefined(env.napi);
}

}  // namespace

void define_files(Env& env, napi_value exports) {
  define(env, exports, "fileToDevice", file_to_device);
  define(env, exports, "fileToMemory", file_to_memory);
  define(env, exports, "freeStaging", free_staging);
}

}  // namespace me
