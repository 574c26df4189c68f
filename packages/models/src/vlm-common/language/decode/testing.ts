import { arange, randn, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { decodeLayers } from '../decode-layers.js';
import { KVCache } from '../kv-cache.js';
import type { Qwen2Config } from '../qwen2-config.js';
import { qwen2Shapes, qwen2Weights } from '../qwen2-weights.js';
import { nextToken, type SamplingOptions } from '../sampling.js';
import type { Qwen2Weights } from '../weights.js';
import type { DecodeStart } from './decode-state.js';

export interface TestDecoder {
  config: Qwen2Config;
  weights: Qwen2Weights;
  device: string;
}

/** A decoder with random weights, made in the current scope. */
export function testDecoder(
  sizes: Partial<Qwen2Config> = {},
  device = 'cpu',
  dtype: 'float32' | 'bfloat16' | 'float16' = 'float32',
): TestDecoder {
  const config: Qwen2Config = {
    hiddenSize: 64,
    intermediateSize: 128,
    numHiddenLayers: 3,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
    headDim: 16,
    vocabSize: 301,
    rmsNormEps: 1e-6,
    ropeTheta: 1e6,
    maxPositionEmbeddings: 4096,
    tieWordEmbeddings: false,
    mropeSection: null,
    ...sizes,
  };
  const made = new Map<string, Tensor>();
  for (const [name, shape] of qwen2Shapes(config, '', 'head')) {
    const deviation = /head|embed/.test(name) ? 1 : shape.length === 1 ? 0.2 : 1.5 * shape[1]! ** -0.5;
    const mean = name.includes('norm') ? 1 : 0;
    made.set(
      name,
      scope(() => randn(shape).mul(deviation).add(mean).to(dtype, device)),
    );
  }
  return { config, weights: qwen2Weights((name) => made.get(name)!, config, '', 'head'), device };
}

/** Rows of random tokens in a cache, padded on the left, as `decodeOn` finds them: keys and values are random. */
export function filledCache(
  { config, weights, device }: TestDecoder,
  lengths: readonly number[],
  room: number,
): { cache: KVCache; start: DecodeStart } {
  const longest = Math.max(...lengths);
  const cache = new KVCache(longest + room);
  const { dtype } = weights.embed_tokens;
  const B = lengths.length;
  const { numKeyValueHeads: G, headDim: D } = config;
  for (let layer = 0; layer < config.numHiddenLayers; layer++)
    scope(() => {
      const make = () => randn([B, G, longest, D]).to(dtype, device);
      cache.append(layer, make(), make());
    });
  cache.advance(longest);
  const words = (n: number) => Array.from({ length: n }, () => Math.floor(Math.random() * config.vocabSize));
  const seen = lengths.map((n) => words(n + 1));
  return {
    cache,
    start: {
      seen,
      ids: seen.map((ids) => ids.at(-1)!),
      length: longest,
      padding: lengths.map((n) => longest - n),
      shift: lengths.map((n, b) => n - longest + b), // as after a video: positions run ahead or behind
    },
  };
}

/** Replies by the blocks that prompts run through, a call of the model and a look at its logits for every token. */
export function referenceReplies(
  decoder: TestDecoder,
  { cache, start }: { cache: KVCache; start: DecodeStart },
  steps: number,
  options: SamplingOptions,
): number[][] {
  const { config, weights, device } = decoder;
  const seen = start.seen.map((ids) => [...ids]);
  const replies = start.ids.map((): number[] => []);
  const int64 = (values: number[]) => tensor(values, { dtype: 'int64', device });
  for (let i = 0; i < steps; i++)
    scope(() => {
      const embeds = weights.embed_tokens.indexSelect(0, int64(seen.map((ids) => ids.at(-1)!))).unsqueeze(1);
      const places = arange(0, start.length + i + 1, 1, { dtype: 'int64', device }).unsqueeze(0);
      const { logits } = decodeLayers(embeds, weights, config, {
        positions: int64(start.shift.map((shift) => shift + start.length + i)).unsqueeze(1),
        attentionMask: places.ge(int64([...start.padding]).unsqueeze(1)),
        cache,
        logits: 'last',
      });
      for (const [b, reply] of replies.entries()) {
        const id = nextToken(logits.select(0, b).flatten(), seen[b]!, options, null);
        reply.push(id);
        seen[b]!.push(id);
      }
    });
  return replies;
}
