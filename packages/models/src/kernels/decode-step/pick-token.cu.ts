import { ELEMENT_SOURCE } from '../device/element.cu.js';

/** Blocks that look for a sequence's likeliest token. */
export const PICK_BLOCKS = 64;

/** The end of a decoding step: the choice of tokens, and where the sequences stand after it. */
export const PICK_TOKEN_SOURCE = `${ELEMENT_SOURCE}
struct Best { float value; int id; };
// As argmax has it: of equal values the first.
__device__ __forceinline__ Best better(Best a, Best b) { return b.value > a.value || (b.value == a.value && b.id < a.id) ? b : a; }
__device__ __forceinline__ Best best(Best x) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) {
    Best y;
    y.value = __shfl_xor_sync(0xffffffffu, x.value, o);
    y.id = __shfl_xor_sync(0xffffffffu, x.id, o);
    x = better(x, y);
  }
  return x;
}

// grid (${PICK_BLOCKS}, rows): the likeliest token of a part of the vocabulary, after the penalty on those that were seen
extern "C" __global__ void pick(const T* logits, const unsigned char* seen, Best* found, int vocabulary, float penalty) {
  __shared__ Best shared[32];
  letNextStart();
  waitForPrevious();
  const long long row = (long long)blockIdx.y * vocabulary;
  Best x = {-INFINITY_, 0x7fffffff};
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < vocabulary; i += gridDim.x * blockDim.x) {
    float y = up(logits[row + i]);
    if (seen && seen[row + i]) y = y < 0 ? y * penalty : y / penalty;
    x = better(x, Best{y, i});
  }
  x = best(x);
  if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = x;
  __syncthreads();
  if (threadIdx.x >= 32) return;
  x = threadIdx.x < blockDim.x >> 5 ? shared[threadIdx.x] : Best{-INFINITY_, 0x7fffffff};
  x = best(x);
  if (threadIdx.x == 0) found[blockIdx.y * gridDim.x + blockIdx.x] = x;
}

// One block; a warp a row. Notes the tokens (those of chosen, or the best of found) and goes on to the next place.
extern "C" __global__ void advance(const Best* found, const long long* chosen, int* ids, unsigned char* seen, int* history,
                                   int* length, int* steps, int rows, int vocabulary, int capacity) {
  waitForPrevious();
  const int lane = threadIdx.x & 31, step = *steps % capacity;
  for (int b = threadIdx.x >> 5; b < rows; b += blockDim.x >> 5) {
    int id;
    if (chosen) {
      id = (int)chosen[b];
    } else {
      Best x = {-INFINITY_, 0x7fffffff};
      for (int i = lane; i < ${PICK_BLOCKS}; i += 32) x = better(x, found[b * ${PICK_BLOCKS} + i]);
      id = best(x).id;
    }
    if (id < 0 || id >= vocabulary) id = 0; // logits that are no numbers
    if (lane == 0) {
      ids[b] = id;
      history[step * rows + b] = id;
      if (seen) seen[(long long)b * vocabulary + id] = 1;
    }
  }
  __syncthreads();
  if (threadIdx.x == 0) { *length += 1; *steps += 1; }
}
`;
