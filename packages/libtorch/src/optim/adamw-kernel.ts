import { type CudaKernel, compileCudaKernel, computeCapability } from '../cuda-kernel.js';
import { LibtorchError } from '../errors.js';
import type { Tensor } from '../tensor.js';

/**
 * A step of one half-precision parameter with a float32 master: what libtorch's fused operator does in float32, without
 * float32 copies of the gradients, and with the rounded parameter written in the same pass.
 */
const SOURCE = `
// No headers: a machine that runs this may have NVRTC and nothing else of the toolkit.
typedef unsigned short T;
#ifdef ELEMENT_BF16
__device__ __forceinline__ float up(T x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ T down(float x) { T r; asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r) : "f"(x)); return r; }
#else
__device__ __forceinline__ float up(T x) { float r; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(x)); return r; }
__device__ __forceinline__ T down(float x) { T r; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(x)); return r; }
#endif
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

const THREADS = 256;
/** Enough blocks for every multiprocessor of a large GPU. */
const MOST_BLOCKS = 2112;

/** What a step of all parameters of a group has in common; `step` counts from 1. */
export interface AdamWNumbers {
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  eps: number;
  step: number;
  /** On the gradients. */
  scale: number;
}

export interface AdamWKernel {
  /** All contiguous and of one size; master and moments float32, gradient and parameter of one half type. */
  launch(
    tensors: { master: Tensor; expAvg: Tensor; expAvgSq: Tensor; grad: Tensor; param: Tensor },
    numbers: AdamWNumbers,
  ): void;
}

const compiled = new Map<string, AdamWKernel | null>();

/** null where libtorch's operators must serve: not CUDA, not a half type, no NVRTC, or MOTION_ENHANCER_PLAIN=1. */
export function adamWKernel({ device, dtype }: Tensor): AdamWKernel | null {
  if (!device.startsWith('cuda') || (dtype !== 'bfloat16' && dtype !== 'float16')) return null;
  if (process.env.MOTION_ENHANCER_PLAIN === '1') return null;
  const key = `${device} ${dtype}`;
  let kernel = compiled.get(key);
  if (kernel === undefined) {
    kernel = compile(Number(device.split(':')[1] ?? 0), dtype === 'bfloat16' ? ['-DELEMENT_BF16'] : []);
    compiled.set(key, kernel);
  }
  return kernel;
}

function compile(device: number, options: string[]): AdamWKernel | null {
  if (computeCapability(device) < 80) return null;
  let kernel: CudaKernel;
  try {
    kernel = compileCudaKernel(SOURCE, 'adamw', { device, options });
  } catch (error) {
    if (!(error instanceof LibtorchError)) throw error;
    process.stderr.write(`Plain operators serve in place of the fused AdamW kernel: ${error.message}\n`);
    return null;
  }
  return {
    launch({ master, expAvg, expAvgSq, grad, param }, { lr, weightDecay, betas, eps, step, scale }) {
      const numbers = [
        ...[scale, 1 - lr * weightDecay, 1 - betas[0], 1 - betas[1]],
        ...[lr / (1 - betas[0] ** step), Math.sqrt(1 - betas[1] ** step), eps],
      ];
      const grid = Math.min(MOST_BLOCKS, Math.ceil(param.numel / (4 * THREADS)));
      kernel.launch([grid], [THREADS], 0, [
        ...[master, expAvg, expAvgSq, grad, param, { i64: param.numel }],
        ...numbers.map((value) => ({ f32: value })),
      ]);
    },
  };
}
