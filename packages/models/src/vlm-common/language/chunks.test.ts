import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arange, cuda, liveTensors, manualSeed, noGrad, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { testDecoder } from './decode/testing.js';
import { decodeLayers } from './decode-layers.js';
import { KVCache } from './kv-cache.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SEED = freshSeed();

test(`on CUDA prompts in chunks need no mask and give what they give at once (seed ${SEED})`, { skip }, () => {
  const before = liveTensors();
  manualSeed(SEED);
  noGrad(() =>
    scope(() => {
      const sizes = { headDim: 128, hiddenSize: 512, numAttentionHeads: 14, numKeyValueHeads: 2 };
      const { config, weights } = testDecoder(sizes, 'cuda:0', 'bfloat16');
      const x = randn([1, 700, 512]).to('bfloat16', 'cuda:0');
      const run = (chunks: number[], dense: boolean): Tensor => {
        const cache = new KVCache();
        const parts = chunks.map((n) => {
          const past = cache.length;
          const positions = arange(past, past + n, 1, { dtype: 'int64', device: 'cuda:0' }).unsqueeze(0);
          // A mask that hides nothing makes the plain way.
          const attentionMask = dense
            ? arange(0, past + n, 1, { device: 'cuda:0' })
                .unsqueeze(0)
                .ge(0)
            : null;
          const o = { positions, attentionMask, cache, logits: 'last' as const };
          return decodeLayers(x.narrow(1, past, n), weights, config, o).logits;
        });
        cache.dispose();
        return parts.at(-1)!.to('float32');
      };
      const whole = run([700], false);
      for (const chunks of [
        [699, 1],
        [1, 699],
        [256, 256, 188],
        [350, 350],
      ]) {
        for (const dense of [false, true]) {
          const apart = run(chunks, dense).sub(whole).abs().max().item() / whole.abs().max().item();
          assert.ok(apart < 0.03, `${chunks}, ${dense ? 'mask' : 'no mask'}: ${apart}`);
        }
      }
    }),
  );
  assert.equal(liveTensors(), before);
});
