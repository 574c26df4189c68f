// NCCL for process groups: the only unit that needs NCCL's and CUDA's headers. When it is left out, or does not compile, the
// binding has no NCCL and all else.
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <string>

#include "errors.h"
#include "process-groups.h"

namespace me {

// The options hold NCCL's own struct, so headers of another release than libtorch was built with would shift what stands behind it.
static void check_version() {
  const uint64_t built = torch::cuda::nccl::version();
  const uint64_t ours = (uint64_t{NCCL_MAJOR} << 32) | (uint64_t{NCCL_MINOR} << 16);
  if ((built >> 16) == (ours >> 16)) return;
  throw ArgumentError("The binding was compiled with the headers of NCCL " + std::to_string(NCCL_MAJOR) + "." +
                      std::to_string(NCCL_MINOR) + ", and libtorch with those of " + std::to_string(built >> 32) + "." +
                      std::to_string((built >> 16) & 0xffff) +
                      ". Run `npm run setup` with the nvidia-nccl package that this torch names.");
}

static c10::intrusive_ptr<c10d::Backend> make(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                              std::chrono::milliseconds timeout) {
  check_version();
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

static const bool registered = [] {
  make_nccl = make;
  return true;
}();

}  // namespace me
