import { ELEMENT_SOURCE } from './element.cu.js';

/**
 * CUDA C++ of `training.ts`: element-wise parts of blocks with their gradients. A thread holds eight neighbouring elements
 * (16 bytes), or two times eight. What the plain operators round to the tensor's type is rounded here too.
 */
export const TRAINING_SOURCE = `${ELEMENT_SOURCE}
__device__ __forceinline__ void load(const float* from, float* to) {
#pragma unroll
  for (int i = 0; i < 8; i++) to[i] = from[i];
}
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// out = silu(gate) * up
extern "C" __global__ void gateForward(const T* gate, const T* more, T* out, long long count) {
  const long long at = 8 * ((long long)blockIdx.x * blockDim.x + threadIdx.x);
  if (at >= count) return;
  float g[8], u[8];
  load(gate + at, g);
  load(more + at, u);
#pragma unroll
  for (int i = 0; i < 8; i++) g[i] = rounded(g[i] / (1.0f + expf(-g[i]))) * u[i];
  store(out + at, g);
}

extern "C" __global__ void gateBackward(const T* grad, const T* gate, const T* more, T* gradGate, T* gradMore, long long count) {
  const long long at = 8 * ((long long)blockIdx.x * blockDim.x + threadIdx.x);
  if (at >= count) return;
  float d[8], g[8], u[8], dg[8], du[8];
  load(grad + at, d);
  load(gate + at, g);
  load(more + at, u);
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const float s = sigmoid(g[i]);
    du[i] = d[i] * rounded(g[i] / (1.0f + expf(-g[i])));
    dg[i] = rounded(d[i] * u[i]) * s * (1.0f + g[i] * (1.0f - s));
  }
  store(gradGate + at, dg);
  store(gradMore + at, du);
}

// Turns pairs (i, i + width / 2) of the vectors of x [rows, heads, width] by the angles of the tables [rows, width], whose
// first half is read; \`sign\` −1 turns back, which is the gradient. Products are rounded one by one, as by plain operators.
extern "C" __global__ void turnHeads(const T* x, const T* cosines, const T* sines, T* out, long long vectors, int heads,
                                     int width, float sign) {
  const int half = width >> 1, parts = half >> 3;
  const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  const long long vector = at / parts;
  if (vector >= vectors) return;
  const int part = (int)(at - vector * parts) * 8;
  const long long row = vector / heads * width + part;
  const long long from = vector * width + part;
  float a[8], b[8], c[8], s[8], lower[8], upper[8];
  load(x + from, a);
  load(x + from + half, b);
  load(cosines + row, c);
  load(sines + row, s);
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const float turn = sign * s[i];
    lower[i] = rounded(__fmul_rn(a[i], c[i])) + rounded(__fmul_rn(-b[i], turn));
    upper[i] = rounded(__fmul_rn(b[i], c[i])) + rounded(__fmul_rn(a[i], turn));
  }
  store(out + from, lower);
  store(out + from + half, upper);
}

// qkv [rows, 3, heads, width] and q, k, v [rows, heads, width]: taken apart with queries and keys turned in float, or put
// together with them turned back. tables float [rows, width], whose first half is read.
template <bool APART>
__device__ __forceinline__ void splitTurn(T* qkv, T* q, T* k, T* v, const float* cosines, const float* sines, long long rows,
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
  const T* from = APART ? whole : own;
  T* to = APART ? own : whole;
  float a[8], b[8];
  load(from, a);
  load(from + half, b);
  if (which < 2) {
    float c[8], s[8];
    load(cosines + row * width + part, c);
    load(sines + row * width + part, s);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      const float x = a[i], y = b[i], turn = APART ? s[i] : -s[i];
      a[i] = __fadd_rn(__fmul_rn(x, c[i]), __fmul_rn(-y, turn));
      b[i] = __fadd_rn(__fmul_rn(y, c[i]), __fmul_rn(x, turn));
    }
  }
  store(to, a);
  store(to + half, b);
}
extern "C" __global__ void qkvApart(T* qkv, T* q, T* k, T* v, const float* c, const float* s, long long rows, int heads, int width) {
  splitTurn<true>(qkv, q, k, v, c, s, rows, heads, width);
}
extern "C" __global__ void qkvTogether(T* qkv, T* q, T* k, T* v, const float* c, const float* s, long long rows, int heads, int width) {
  splitTurn<false>(qkv, q, k, v, c, s, rows, heads, width);
}
`;
