import { ELEMENT_SOURCE } from '../device/element.cu.js';
import { REDUCE_SOURCE } from '../device/reduce.cu.js';

/** Residual addition and RMS norm of one token of each sequence. */
export const ADD_NORM_SOURCE = `${ELEMENT_SOURCE}${REDUCE_SOURCE}
// h += y (unless y is null), out = norm(h) * weight. A block is a sequence.
extern "C" __global__ void addNorm(T* h, const T* y, const T* weight, T* out, int width, float eps) {
  __shared__ float shared[32];
  letNextStart();
  waitForPrevious();
  const long long row = (long long)blockIdx.x * width;
  float s = 0, v[8], w[8];
  for (int i = 8 * threadIdx.x; i < width; i += 8 * blockDim.x) {
    load(h + row + i, v);
    if (y) {
      load(y + row + i, w);
#pragma unroll
      for (int k = 0; k < 8; k++) v[k] = rounded(v[k] + w[k]);
      store(h + row + i, v);
    }
#pragma unroll
    for (int k = 0; k < 8; k++) s += v[k] * v[k];
  }
  s = warpSum(s);
  if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = s;
  __syncthreads();
  s = 0;
  for (int i = 0; i < blockDim.x >> 5; i++) s += shared[i];
  const float by = rsqrtf(s / width + eps);
  for (int i = 8 * threadIdx.x; i < width; i += 8 * blockDim.x) {
    load(h + row + i, v);
    load(weight + i, w);
#pragma unroll
    for (int k = 0; k < 8; k++) v[k] = v[k] * by * w[k];
    store(out + row + i, v);
  }
}
`;
