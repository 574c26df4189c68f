// Tensor memory in and out of JavaScript: typed arrays, metadata, zero-copy views.
#include <ATen/Functions.h>

#include <cstring>

#include "env.h"
#include "values.h"

namespace me {

// meta(slot): fills metaBuffer with [dtype, device type, device index, requires_grad, contiguous, dim, …sizes, …strides]
static napi_value meta(Env& env, size_t, napi_value* argv) {
  const at::Tensor& tensor = env.slots.get(as_int32(env.napi, argv[0]));
  double* out = env.meta_scratch;
  out[0] = static_cast<double>(tensor.scalar_type());
  out[1] = static_cast<double>(tensor.device().type());
  out[2] = tensor.device().index();
  out[3] = tensor.requires_grad();
  out[4] = tensor.is_contiguous();
  int64_t dim = std::min<int64_t>(tensor.dim(), 64);
  out[5] = static_cast<double>(dim);
  for (int64_t i = 0; i < dim; ++i) {
    out[6 + i] = static_cast<double>(tensor.size(i));
    out[6 + dim + i] = static_cast<double>(tensor.stride(i));
  }
  return undefined(env.napi);
}

struct Bytes {
  void* data = nullptr;
  size_t length = 0;
};

static Bytes bytes_of(napi_env napi, napi_value value, napi_value* buffer) {
  napi_typedarray_type type;
  size_t length, offset;
  Bytes bytes;
  if (napi_get_typedarray_info(napi, value, &type, &length, &bytes.data, buffer, &offset) != napi_ok) {
    throw ArgumentError("Expected a typed array.");
  }
  static constexpr size_t kSizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  bytes.length = length * (static_cast<size_t>(type) < 11 ? kSizes[type] : 2);
  return bytes;
}

static int64_t product(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) throw ArgumentError("Expected a shape whose product fits 63 bits.");
  }
  return count;
}

// fromBytes(typedArray, dtype, shape, share) -> slot; `share` keeps the JavaScript memory instead of copying it
static napi_value from_bytes(Env& env, size_t, napi_value* argv) {
  napi_value buffer;
  Bytes bytes = bytes_of(env.napi, argv[0], &buffer);
  auto dtype = static_cast<at::ScalarType>(as_int32(env.napi, argv[1]));
  std::vector<int64_t> shape = as_int64_list(env.napi, argv[2]);
  size_t wanted = static_cast<size_t>(product(shape)) * c10::elementSize(dtype);
  if (wanted != bytes.length) {
    throw ArgumentError("Expected " + std::to_string(wanted) + " bytes for this shape and dtype but received " + std::to_string(bytes.length) + ".");
  }
  if (as_bool(env.napi, argv[3]) && wanted > 0) {
    napi_ref ref;
    if (napi_create_reference(env.napi, buffer, 1, &ref) != napi_ok) throw ArgumentError("Expected an ArrayBuffer that can be shared.");
    Env* owner = &env;
    auto deleter = [owner, ref](void*) {
      // Autograd threads may drop the last reference: JavaScript's is given back on the main thread.
      std::lock_guard<std::mutex> lock(owner->dead_mutex);
      owner->dead_buffers.push_back(ref);
      owner->has_dead_buffers = true;
    };
    at::Tensor shared = at::from_blob(bytes.data, shape, deleter, at::TensorOptions().dtype(dtype));
    return from_int(env.napi, env.slots.put(std::move(shared)));
  }
  at::Tensor copy = at::empty(shape, at::TensorOptions().dtype(dtype));
  if (wanted > 0) std::memcpy(copy.data_ptr(), bytes.data, wanted);
  return from_int(env.napi, env.slots.put(std::move(copy)));
}

static const at::Tensor& readable(Env& env, napi_value slot) {
  const at::Tensor& tensor = env.slots.get(as_int32(env.napi, slot));
  if (!tensor.device().is_cpu() || !tensor.is_contiguous()) throw ArgumentError("Expected a contiguous tensor on the CPU.");
  return tensor;
}

// copyOut(slot, typedArray): copies a contiguous CPU tensor into memory of the same size
static napi_value copy_out(Env& env, size_t, napi_value* argv) {
  const at::Tensor& tensor = readable(env, argv[0]);
  napi_value buffer;
  Bytes bytes = bytes_of(env.napi, argv[1], &buffer);
  if (bytes.length != tensor.nbytes()) throw ArgumentError("Expected a typed array of the tensor's size.");
  if (bytes.length > 0) std::memcpy(bytes.data, tensor.const_data_ptr(), bytes.length);
  return undefined(env.napi);
}

// view(slot) -> ArrayBuffer over the tensor's own memory; the buffer keeps the memory alive
static napi_value view(Env& env, size_t, napi_value* argv) {
  const at::Tensor& tensor = readable(env, argv[0]);
  napi_value result;
  if (tensor.nbytes() == 0) {
    void* nothing;
    napi_create_arraybuffer(env.napi, 0, &nothing, &result);
    return result;
  }
  auto* keep = new at::Tensor(tensor);
  auto release = [](napi_env, void*, void* hint) { delete static_cast<at::Tensor*>(hint); };
  if (napi_create_external_arraybuffer(env.napi, keep->data_ptr(), keep->nbytes(), release, keep, &result) != napi_ok) {
    delete keep;
    // Two buffers over one memory are refused by V8's sandbox builds and by some versions: the caller copies.
    return undefined(env.napi);
  }
  return result;
}

// item(slot) -> number | boolean of a one-element tensor (int64 beyond 2^53 as BigInt)
static napi_value item(Env& env, size_t, napi_value* argv) {
  at::Scalar value = env.slots.get(as_int32(env.napi, argv[0])).item();
  napi_value result;
  if (value.isBoolean()) return from_bool(env.napi, value.toBool());
  if (value.isIntegral(false)) {
    int64_t number = value.toLong();
    if (number > 9007199254740991 || number < -9007199254740991) napi_create_bigint_int64(env.napi, number, &result);
    else napi_create_int64(env.napi, number, &result);
  } else {
    napi_create_double(env.napi, value.toDouble(), &result);
  }
  return result;
}

// dataKey(slot) -> a number equal for two tensors that start at the same memory
static napi_value data_key(Env& env, size_t, napi_value* argv) {
  const at::Tensor& tensor = env.slots.get(as_int32(env.napi, argv[0]));
  return from_int(env.napi, static_cast<int64_t>(reinterpret_cast<uintptr_t>(tensor.const_data_ptr())));
}

void define_data(Env& env, napi_value exports) {
  define(env, exports, "meta", meta);
  define(env, exports, "fromBytes", from_bytes);
  define(env, exports, "copyOut", copy_out);
  define(env, exports, "view", view);
  define(env, exports, "item", item);
  define(env, exports, "dataKey", data_key);
}

}  // namespace me
