import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grad, liveTensors, noGrad, randn, scope, type Tensor, tensor, tensorsIn } from '@motion-enhancer/libtorch';
import { readCogVideoXConfig } from './config.js';
import { differentiableForward } from './differentiable.js';
import { cogVideoXTransformer } from './model.js';
import { readTransformerWeights } from './weights.js';

/** A form of the network over fresh weights of any shape that is asked for. */
function fresh(form: Record<string, unknown>) {
  const config = readCogVideoXConfig(
    {
      _class_name: 'CogVideoXTransformer3DModel',
      num_attention_heads: 2,
      attention_head_dim: 16,
      in_channels: 4,
      out_channels: 4,
      num_layers: 2,
      text_embed_dim: 12,
      time_embed_dim: 20,
      patch_size: 2,
      sample_height: 32,
      sample_width: 32,
      sample_frames: 17,
      max_text_seq_length: 5,
      attention_bias: true,
      ...form,
    },
    'config.json',
  );
  const reader = {
    get: (name: string, shape: readonly number[]) =>
      randn(shape, { dtype: 'float64' })
        .mul_(0.3)
        .add_(name.includes('norm') && name.endsWith('weight') ? 1 : 0),
  } as unknown as Parameters<typeof readTransformerWeights>[0];
  return { config, weights: readTransformerWeights(reader, config) };
}

const FORMS = {
  '1.5': { patch_size_t: 2, use_rotary_positional_embeddings: true },
  '1.0': { use_rotary_positional_embeddings: true },
  '2b': { use_rotary_positional_embeddings: false },
};

for (const [name, form] of Object.entries(FORMS)) {
  test(`${name}: equals the inference form, and its gradients equal finite differences`, () => {
    const before = liveTensors();
    scope(() => {
      const { config, weights } = fresh(form);
      const latents = randn([2, 4, 4, 6, 8], { dtype: 'float64' });
      const text = randn([2, 5, 12], { dtype: 'float64' });
      const time = tensor([17, 801], { dtype: 'float64' });
      const model = cogVideoXTransformer(config, weights);
      const expected = model.forward(latents, text, time);
      const close = noGrad(() =>
        differentiableForward(latents, text, time, { weights, config }).sub(expected).abs().max(),
      );
      // Rotation and the waves of the time embedding are float32 in both.
      assert.ok(close.item() < 2e-5, `${close.item()}`);

      const parameters: Tensor[] = [...tensorsIn(weights)];
      for (const p of parameters) p.requiresGrad_(true);
      const weighting = randn(expected.shape, { dtype: 'float64' });
      const loss = () => differentiableForward(latents, text, time, { weights, config }).mul(weighting).sum();
      const gradients = grad([loss()], parameters);
      const directions = parameters.map((p) => randn(p.shape, { dtype: 'float64' }));
      const analytic = gradients.reduce((sum, g, i) => sum + g.mul(directions[i]!).sum().item(), 0);
      const shifted = (by: number) =>
        noGrad(() => {
          parameters.forEach((p, i) => {
            p.add_(directions[i]!, by);
          });
          return loss().item();
        });
      const h = 1e-4;
      const up = shifted(h);
      const numeric = (up - shifted(-2 * h)) / (2 * h);
      assert.ok(Math.abs(numeric - analytic) < 2e-3 * Math.abs(numeric) + 2e-2, `${numeric} ${analytic}`);
      assert.ok(
        gradients.every((g) => g.abs().sum().item() > 0),
        'every weight is reached',
      );
      model.dispose();
    });
    assert.equal(liveTensors(), before);
  });
}
