import { HALF_ELEMENT_SOURCE } from '../half-element.cu.js';

/**
 * CUDA C++ of `adamw-kernel.ts`: a step of one half-precision parameter with a float32 master. What libtorch's fused operator
 * does in float32, without float32 copies of the gradients, and with the rounded parameter written in the same pass.
 */
export const ADAMW_SOURCE = `${HALF_ELEMENT_SOURCE}
struct alignas(8) Four { T v[4]; };

struct Settings { float scale, keep, lerp1, lerp2, size, root, eps; };

__device__ __forceinline__ void update(float& p, float& m, float& v, float g, const Settings& s) {
  g *= s.scale;
  p *= s.keep;
  m += s.lerp1 * (g - m);
  v += s.lerp2 * (g * g - v);
  p -= s.size * m / (sqrtf(v) / s.root + s.eps);
}

extern "C" __global__ void adamw(float* master, float* expAvg, float* expAvgSq, const T* grad, T* param, long long count,
                                 float scale, float keep, float lerp1, float lerp2, float size, float root, float eps) {
  const Settings s = {scale, keep, lerp1, lerp2, size, root, eps};
  const long long stride = 4ll * gridDim.x * blockDim.x;
  for (long long at = 4ll * ((long long)blockIdx.x * blockDim.x + threadIdx.x); at < count; at += stride) {
    if (at + 4 <= count) {
      float4 p = *reinterpret_cast<float4*>(master + at), m = *reinterpret_cast<float4*>(expAvg + at),
             v = *reinterpret_cast<float4*>(expAvgSq + at);
      const Four g = *reinterpret_cast<const Four*>(grad + at);
      update(p.x, m.x, v.x, up(g.v[0]), s);
      update(p.y, m.y, v.y, up(g.v[1]), s);
      update(p.z, m.z, v.z, up(g.v[2]), s);
      update(p.w, m.w, v.w, up(g.v[3]), s);
      *reinterpret_cast<float4*>(master + at) = p;
      *reinterpret_cast<float4*>(expAvg + at) = m;
      *reinterpret_cast<float4*>(expAvgSq + at) = v;
      const Four out = {{down(p.x), down(p.y), down(p.z), down(p.w)}};
      *reinterpret_cast<Four*>(param + at) = out;
    } else {
      for (long long i = at; i < count; i++) {
        float p = master[i], m = expAvg[i], v = expAvgSq[i];
        update(p, m, v, up(grad[i]), s);
        master[i] = p;
        expAvg[i] = m;
        expAvgSq[i] = v;
        param[i] = down(p);
      }
    }
  }
}
`;
