// What the unit that knows NCCL offers to the one that makes process groups. That unit may be missing: it is compiled only
// for CUDA, and only where NCCL's and CUDA's headers are found.
#pragma once
#include <c10/util/intrusive_ptr.h>

#include <chrono>

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace me {

using MakeNccl = c10::intrusive_ptr<c10d::Backend> (*)(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                       std::chrono::milliseconds timeout);

// Null where the binding was built without NCCL.
inline MakeNccl make_nccl = nullptr;

}  // namespace me
