import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { ROTATE_SOURCE } from '../device/rotate.cu.js';

/** CUDA C++ of `rotary-kernels.ts`. A thread holds two times eight neighbouring elements (16 bytes each). */
export const ROTARY_SOURCE = `${ELEMENT_SOURCE}${ROTATE_SOURCE}
// Rotates pairs (i, i + width / 2) of x [n0, n1, n2, width], with strides s; the tables' row of an element is at
// i0 c0 + i1 c1 + i2 c2, of which the first half is read. out is contiguous. Tables of the tensor's own type round every
// product, as the plain operators do; with float tables all is float until the end. sign -1 rotates back, which is the
// gradient.
template <typename TABLE, bool ROUND>
__device__ __forceinline__ void rotateVectors(const T* x, const TABLE* cosines, const TABLE* sines, T* out, long long vectors,
                                              int n1, int n2, int width, long long s0, long long s1, long long s2,
                                              long long c0, long long c1, long long c2, float sign) {
  const int half = width >> 1, parts = half >> 3;
  const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  const long long vector = at / parts;
  if (vector >= vectors) return;
  const int part = (int)(at - vector * parts) * 8;
  const long long i2 = vector % n2, i1 = vector / n2 % n1, i0 = vector / n2 / n1;
  const T* from = x + i0 * s0 + i1 * s1 + i2 * s2 + part;
  const long long row = i0 * c0 + i1 * c1 + i2 * c2 + part;
  float a[8], b[8], c[8], s[8], lower[8], upper[8];
  load(from, a);
  load(from + half, b);
  load(cosines + row, c);
  load(sines + row, s);
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const float sine = sign * s[i];
    if (ROUND) {
      lower[i] = lowerRounded(a[i], b[i], c[i], sine);
      upper[i] = upperRounded(a[i], b[i], c[i], sine);
    } else {
      rotateFloat(a[i], b[i], c[i], sine, lower[i], upper[i]);
    }
  }
  T* to = out + vector * width + part;
  store(to, lower);
  store(to + half, upper);
}
#define ROTARY(NAME, TABLE, ROUND)                                                                                         \\
  extern "C" __global__ void NAME(const T* x, const TABLE* cosines, const TABLE* sines, T* out, long long vectors, int n1,  \\
                                  int n2, int width, long long s0, long long s1, long long s2, long long c0, long long c1, \\
                                  long long c2, float sign) {                                                              \\
    rotateVectors<TABLE, ROUND>(x, cosines, sines, out, vectors, n1, n2, width, s0, s1, s2, c0, c1, c2, sign);              \\
  }
ROTARY(rotary, T, true)
ROTARY(rotaryFloat, float, false)
`;
