// The table of live tensors. JavaScript holds a tensor as an index into it: an integer crosses Node-API
// about ten times faster than a wrapped object, and the table's size is the count of live tensors.
#pragma once
#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace me {

class Slots {
 public:
  int32_t put(at::Tensor&& tensor) {
    if (free_.empty()) {
      tensors_.push_back(std::move(tensor));
      return static_cast<int32_t>(tensors_.size() - 1);
    }
    int32_t slot = free_.back();
    free_.pop_back();
    tensors_[slot] = std::move(tensor);
    return slot;
  }

  // nullptr for a slot that is not alive.
  const at::Tensor* find(int32_t slot) const {
    if (slot < 0 || static_cast<size_t>(slot) >= tensors_.size()) return nullptr;
    const at::Tensor& tensor = tensors_[slot];
    return tensor.defined() ? &tensor : nullptr;
  }

  const at::Tensor& get(int32_t slot) const;
  void release(int32_t slot);

  int64_t count() const { return static_cast<int64_t>(tensors_.size() - free_.size()); }

  // Bytes of the distinct storages behind the live slots, of devices of one type (-1: all).
  int64_t bytes(int device_type) const;

 private:
  std::vector<at::Tensor> tensors_;
  std::vector<int32_t> free_;
};

}  // namespace me
