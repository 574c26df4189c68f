/**
 * CUDA C++ that kernels of half-precision tensors begin with: `T`, an element as it lies, and its way to float and back, for
 * bfloat16 with -DELEMENT_BF16, else for float16.
 */
export const HALF_ELEMENT_SOURCE = `
// No headers: a machine that runs this may have NVRTC and nothing else of the toolkit.
typedef unsigned short T;
#ifdef ELEMENT_BF16
__device__ __forceinline__ float up(T x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ T down(float x) { T r; asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r) : "f"(x)); return r; }
#else
__device__ __forceinline__ float up(T x) { float r; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(x)); return r; }
__device__ __forceinline__ T down(float x) { T r; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(x)); return r; }
#endif
`;
