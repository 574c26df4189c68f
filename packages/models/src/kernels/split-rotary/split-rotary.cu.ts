import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { ROTATE_SOURCE } from '../device/rotate.cu.js';

/** CUDA C++ of `split-rotary-kernels.ts`. A thread holds two times eight neighbouring elements (16 bytes each). */
export const SPLIT_ROTARY_SOURCE = `${ELEMENT_SOURCE}${ROTATE_SOURCE}
// qkv [rows, 3, heads, width] and q, k, v [rows, heads, width]: split, with queries and keys rotated in float, or joined
// with them rotated back. tables float [rows, width], whose first half is read.
template <bool SPLIT>
__device__ __forceinline__ void splitOrJoin(T* qkv, T* q, T* k, T* v, const float* cosines, const float* sines, long long rows,
                                            int heads, int width) {
  const int half = width >> 1, parts = half >> 3;
  const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  const long long vector = at / parts; // (row, which, head)
  if (vector >= rows * 3 * heads) return;
  const int part = (int)(at - vector * parts) * 8;
  const int head = (int)(vector % heads), which = (int)(vector / heads % 3);
  const long long row = vector / heads / 3;
  T* const whole = qkv + vector * width + part;
  T* const own = (which == 0 ? q : which == 1 ? k : v) + (row * heads + head) * width + part;
  const T* from = SPLIT ? whole : own;
  T* to = SPLIT ? own : whole;
  float a[8], b[8];
  load(from, a);
  load(from + half, b);
  if (which < 2) {
    float c[8], s[8];
    load(cosines + row * width + part, c);
    load(sines + row * width + part, s);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      const float x = a[i], y = b[i];
      rotateFloat(x, y, c[i], SPLIT ? s[i] : -s[i], a[i], b[i]);
    }
  }
  store(to, a);
  store(to + half, b);
}
extern "C" __global__ void splitRotary(T* qkv, T* q, T* k, T* v, const float* c, const float* s, long long rows, int heads, int width) {
  splitOrJoin<true>(qkv, q, k, v, c, s, rows, heads, width);
}
extern "C" __global__ void joinRotary(T* qkv, T* q, T* k, T* v, const float* c, const float* s, long long rows, int heads, int width) {
  splitOrJoin<false>(qkv, q, k, v, c, s, rows, heads, width);
}
`;
