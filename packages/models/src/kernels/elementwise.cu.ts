import { ELEMENT_SOURCE } from './element.cu.js';

/** CUDA C++ of `elementwise.ts`. A thread holds eight neighbouring elements (16 bytes), or two times eight. */
export const ELEMENTWISE_SOURCE = `${ELEMENT_SOURCE}
// gate = silu(gate) * up
extern "C" __global__ void gated(T* gate, const T* more, long long count) {
  const long long at = 8 * ((long long)blockIdx.x * blockDim.x + threadIdx.x);
  if (at >= count) return;
  float a[8], b[8];
  load(gate + at, a);
  load(more + at, b);
#pragma unroll
  for (int k = 0; k < 8; k++) a[k] = rounded(a[k] / (1.0f + expf(-a[k]))) * b[k];
  store(gate + at, a);
}


__device__ __forceinline__ void load(const float* from, float* to) {
#pragma unroll
  for (int i = 0; i < 8; i++) to[i] = from[i];
}

// Rotates pairs (i, i + width / 2) of x [n0, n1, n2, width], with strides s; the tables' row of an element is at
// i0 c0 + i1 c1 + i2 c2, of which the first half is read. out is contiguous. Tables of the tensor's own type round every
// product, as the plain operators do; with float tables all is float until the end.
template <typename TABLE, bool ROUND>
__device__ __forceinline__ void turn(const T* x, const TABLE* cosines, const TABLE* sines, T* out, long long vectors, int n1,
                                     int n2, int width, long long s0, long long s1, long long s2, long long c0,
                                     long long c1, long long c2) {
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
    // Products that are not contracted: the plain operators' are apart.
    const float ac = __fmul_rn(a[i], c[i]), bs = __fmul_rn(-b[i], s[i]), bc = __fmul_rn(b[i], c[i]), as = __fmul_rn(a[i], s[i]);
    lower[i] = ROUND ? rounded(ac) + rounded(bs) : __fadd_rn(ac, bs);
    upper[i] = ROUND ? rounded(bc) + rounded(as) : __fadd_rn(bc, as);
  }
  T* to = out + vector * width + part;
  store(to, lower);
  store(to + half, upper);
}
#define TURN(NAME, TABLE, ROUND)                                                                                           \\
  extern "C" __global__ void NAME(const T* x, const TABLE* cosines, const TABLE* sines, T* out, long long vectors, int n1,  \\
                                  int n2, int width, long long s0, long long s1, long long s2, long long c0, long long c1, \\
                                  long long c2) {                                                                          \\
    turn<TABLE, ROUND>(x, cosines, sines, out, vectors, n1, n2, width, s0, s1, s2, c0, c1, c2);                             \\
  }
TURN(rotateHalf, T, true)
TURN(rotateHalfFloat, float, false)
`;
