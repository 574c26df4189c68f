import { ELEMENT_SOURCE } from '../device/element.cu.js';

/**
 * CUDA C++ of `swiglu-kernels.ts`. A thread holds eight neighbouring elements (16 bytes). What plain operators round to
 * the tensor's type is rounded here too.
 */
export const SWIGLU_SOURCE = `${ELEMENT_SOURCE}
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// out = silu(gate) * more; out may be gate
extern "C" __global__ void swiglu(const T* gate, const T* more, T* out, long long count) {
  const long long at = 8 * ((long long)blockIdx.x * blockDim.x + threadIdx.x);
  if (at >= count) return;
  float g[8], u[8];
  load(gate + at, g);
  load(more + at, u);
#pragma unroll
  for (int i = 0; i < 8; i++) g[i] = rounded(g[i] / (1.0f + expf(-g[i]))) * u[i];
  store(out + at, g);
}

extern "C" __global__ void swigluBackward(const T* grad, const T* gate, const T* more, T* gradGate, T* gradMore, long long count) {
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
`;
