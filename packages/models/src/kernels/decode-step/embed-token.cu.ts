import { ELEMENT_SOURCE } from '../device/element.cu.js';

/** A decoding step's beginning: embeddings, and cos and sin of the new positions. */
export const EMBED_TOKEN_SOURCE = `${ELEMENT_SOURCE}
// A block is a sequence: its token's embedding, and the angles of its position by every frequency, rounded as the tables are.
extern "C" __global__ void embed(const int* ids, const T* table, T* h, int width, const int* length, const int* shift,
                                 const float* frequencies, float2* angles) {
  letNextStart();
  const int b = blockIdx.x;
  const T* from = table + (long long)ids[b] * width;
  for (int i = 8 * threadIdx.x; i < width; i += 8 * blockDim.x)
    *reinterpret_cast<Eight*>(h + (long long)b * width + i) = *reinterpret_cast<const Eight*>(from + i);
  if (threadIdx.x >= 64) return;
  float sine, cosine;
  sincosf((float)(*length + shift[b]) * frequencies[threadIdx.x], &sine, &cosine);
  angles[b * 64 + threadIdx.x] = make_float2(rounded(cosine), rounded(sine));
}
`;
