#include "slots.h"

#include <unordered_set>

#include "errors.h"

namespace me {

const at::Tensor& Slots::get(int32_t slot) const {
  const at::Tensor* tensor = find(slot);
  if (!tensor) {
    throw ArgumentError(
        "Expected a live tensor but received one that was already freed. Return it from its scope, or keep() it, to use it later.");
  }
  return *tensor;
}

void Slots::release(int32_t slot) {
  if (!find(slot)) return;
  tensors_[slot] = at::Tensor();
  free_.push_back(slot);
}

int64_t Slots::bytes(int device_type) const {
  std::unordered_set<const void*> seen;
  int64_t total = 0;
  for (const at::Tensor& tensor : tensors_) {
    if (!tensor.defined() || !tensor.has_storage()) continue;
    if (device_type >= 0 && static_cast<int>(tensor.device().type()) != device_type) continue;
    if (seen.insert(tensor.storage().unsafeGetStorageImpl()).second) total += static_cast<int64_t>(tensor.storage().nbytes());
  }
  return total;
}

}  // namespace me
