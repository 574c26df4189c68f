import { HALF_ELEMENT_SOURCE } from '@motion-enhancer/libtorch';

/**
 * CUDA C++ that the models' kernels share: half-precision elements and floats in pieces of eight, early starts within a
 * CUDA graph, tensor-core products.
 */
export const ELEMENT_SOURCE = `${HALF_ELEMENT_SOURCE}
typedef unsigned int u32;
#define INFINITY_ __int_as_float(0x7f800000)
#ifdef ELEMENT_BF16
#define MMA_TYPE "bf16"
#else
#define MMA_TYPE "f16"
#endif
__device__ __forceinline__ float rounded(float x) { return up(down(x)); }
__device__ __forceinline__ u32 pack(float low, float high) { return (u32)down(low) | (u32)down(high) << 16; }
__device__ __forceinline__ float low(u32 x) { return up((T)(x & 0xffffu)); }
__device__ __forceinline__ float high(u32 x) { return up((T)(x >> 16)); }

struct alignas(16) Eight { T v[8]; };
__device__ __forceinline__ void load(const T* from, float* to) {
  Eight e = *reinterpret_cast<const Eight*>(from);
#pragma unroll
  for (int i = 0; i < 8; i++) to[i] = up(e.v[i]);
}
__device__ __forceinline__ void store(T* to, const float* from) {
  Eight e;
#pragma unroll
  for (int i = 0; i < 8; i++) e.v[i] = down(from[i]);
  *reinterpret_cast<Eight*>(to) = e;
}

// Floats: of any place, and of places that are multiples of 16 bytes.
__device__ __forceinline__ void load(const float* from, float* to) {
#pragma unroll
  for (int i = 0; i < 8; i++) to[i] = from[i];
}
__device__ __forceinline__ void loadAligned(const float* from, float* to) {
#pragma unroll
  for (int i = 0; i < 8; i += 4) *reinterpret_cast<float4*>(to + i) = *reinterpret_cast<const float4*>(from + i);
}

// The kernel queued next may start; waits until the kernels queued before are done and what they wrote can be seen.
__device__ __forceinline__ void letNextStart() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}
__device__ __forceinline__ void waitForPrevious() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// c[16 x 8] += a[16 x 16] b[16 x 8]. With g = lane / 4 and t = lane % 4: a0 is row g, columns 2t and 2t + 1; a1 row g + 8;
// a2, a3 the same 8 columns on; b0 is column g, rows 2t and 2t + 1; b1 8 rows on; c0, c1 are row g, columns 2t and 2t + 1;
// c2, c3 row g + 8.
__device__ __forceinline__ void mma(float* c, u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." MMA_TYPE "." MMA_TYPE ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
`;
