import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arange, cuda, liveTensors, manualSeed, noGrad, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { linear } from '../../layers/linear.js';
import { mlp } from './block.js';
import { residentLayers } from './decode/resident-layers.js';
import { type TestDecoder, testDecoder } from './decode/testing.js';
import { decodeLayers } from './decode-layers.js';
import { rmsNorm } from './rms-norm.js';
import { applyRotary, rotaryTables } from './rotary.js';

const SEED = freshSeed();

/** Mean over layers and heads of whole maps, as eager attention makes them. x [1, N, C] → [N, N] */
function eagerMaps({ config, weights }: TestDecoder, x: Tensor, positions: Tensor): Tensor {
  const { headDim: D, numAttentionHeads: H, numKeyValueHeads: G, rmsNormEps: eps, ropeTheta } = config;
  const N = x.size(1);
  const rotary = rotaryTables(positions, { headDim: D, theta: ropeTheta, section: null, dtype: x.dtype });
  const places = arange(0, N, 1, { device: x.device });
  const later = places.unsqueeze(0).gt(places.unsqueeze(1));
  let h = x;
  let sum: Tensor | null = null;
  for (const w of residentLayers(weights)) {
    const normed = rmsNorm(h, w.input_layernorm, eps);
    const heads = (y: Tensor, n: number) => y.view(1, N, n, D).transpose(1, 2);
    const q = applyRotary(heads(linear(normed, w.self_attn.q_proj), H), rotary);
    const k = applyRotary(heads(linear(normed, w.self_attn.k_proj), G), rotary).repeatInterleave(H / G, 1);
    const v = heads(linear(normed, w.self_attn.v_proj), G).repeatInterleave(H / G, 1);
    const map = q
      .matmul(k.transpose(2, 3))
      .mul(D ** -0.5)
      .maskedFill(later, Number.NEGATIVE_INFINITY)
      .softmax(-1);
    sum = sum ? sum.add(map.mean([0, 1])) : map.mean([0, 1]);
    h = h.add(
      linear(
        map
          .matmul(v)
          .transpose(1, 2)
          .reshape(1, N, H * D),
        w.self_attn.o_proj,
      ),
    );
    h = h.add(mlp(rmsNorm(h, w.post_attention_layernorm, eps), w.mlp));
  }
  return sum!.div(weights.layers.length);
}

for (const device of cuda().count > 0 ? ['cpu', 'cuda:0'] : ['cpu'])
  test(`rows beside fused attention are those of eager maps to 1e-5: ${device} (seed ${SEED})`, () => {
    const before = liveTensors();
    manualSeed(SEED);
    noGrad(() =>
      scope(() => {
        for (const sizes of [{}, { headDim: 128, hiddenSize: 256, numAttentionHeads: 8, numKeyValueHeads: 1 }]) {
          const decoder = testDecoder(sizes, device);
          const N = 211;
          const x = randn([1, N, decoder.config.hiddenSize]).to(device);
          const positions = arange(3, 3 + N, 1, { dtype: 'int64', device }).unsqueeze(0);
          const rows = [0, 1, 17, 100, 209, 210];
          const got = decodeLayers(x, decoder.weights, decoder.config, { positions, rows, logits: 'last' }).rows!;
          const wanted = eagerMaps(decoder, x, positions);
          for (const [i, row] of rows.entries()) {
            const apart = got.select(0, i).sub(wanted.select(0, row)).abs().max().item();
            assert.ok(apart < 1e-5, `row ${row}: ${apart}`);
          }
        }
      }),
    );
    assert.equal(liveTensors(), before);
  });
