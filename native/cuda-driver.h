// The CUDA driver's C interface, looked up by name, and the device that a call works on.
#pragma once
#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <string>

#include "errors.h"

namespace me {

template <typename F>
F driver(const char* name) {
  static void* library = dlopen("libcuda.so.1", RTLD_NOW);
  void* symbol = library ? dlsym(library, name) : nullptr;
  if (!symbol) throw ArgumentError(std::string("The CUDA driver (libcuda.so.1) has no ") + name + " on this machine.");
  return reinterpret_cast<F>(symbol);
}

inline void check(int status, const char* what) {
  if (status == 0) return;
  const char* text = nullptr;
  driver<int (*)(int, const char**)>("cuGetErrorString")(status, &text);
  throw ArgumentError(std::string(what) + " failed: " + (text ? text : "unknown CUDA error") + " (" + std::to_string(status) + ").");
}

// Makes the device's primary context, which is libtorch's, current until the end of the call.
class DeviceScope {
 public:
  explicit DeviceScope(int index) : guard_(c10::DeviceType::CUDA), before_(c10::DeviceType::CUDA, 0) {
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
    before_ = guard_.getDevice();
    device_ = c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
    guard_.setDevice(device_);
    // libtorch makes the context with its first allocation, which may not have come yet.
    void* context = nullptr;
    check(driver<int (*)(void**)>("cuCtxGetCurrent")(&context), "cuCtxGetCurrent");
    if (context) return;
    int handle = 0;
    check(driver<int (*)(int*, int)>("cuDeviceGet")(&handle, index), "cuDeviceGet");
    check(driver<int (*)(void**, int)>("cuDevicePrimaryCtxRetain")(&context, handle), "cuDevicePrimaryCtxRetain");
    check(driver<int (*)(void*)>("cuCtxSetCurrent")(context), "cuCtxSetCurrent");
  }
  ~DeviceScope() { guard_.uncheckedSetDevice(before_); }
  // The driver's handle of libtorch's current stream.
  void* stream() const {
    const int64_t id = guard_.getStream(device_).id();
    // 0 is the default stream. The id of a stream that libtorch did not make is its handle; those of its own are odd.
    if (id & 1) throw ArgumentError("CUDA kernels run on libtorch's default stream or while a graph is recorded.");
    return reinterpret_cast<void*>(id);
  }
  // Makes a stream of the driver libtorch's current one; null is its default.
  void use(void* stream) { guard_.exchangeStream(c10::Stream(c10::Stream::UNSAFE, device_, reinterpret_cast<int64_t>(stream))); }

 private:
  c10::impl::VirtualGuardImpl guard_;
  c10::Device before_;
  c10::Device device_{c10::DeviceType::CUDA, 0};
};

}  // namespace me
