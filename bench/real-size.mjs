// What the benches at the size of CogVideoX-1.5-5B share: its transformer with random weights made on the device.
import * as T from '../packages/libtorch/dist/index.js';
import { cogVideoXTransformer, readCogVideoXConfig } from '../packages/models/dist/cogvideox/index.js';
import { readTransformerWeights } from '../packages/models/dist/cogvideox/transformer/weights.js';

/** The value after `--name` on the command line. */
export const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};

/** A config.json of CogVideoX-1.5-5B's form, read. */
export const transformerConfig = ({ layers = 42, heads = 48 } = {}) =>
  readCogVideoXConfig(
    {
      _class_name: 'CogVideoXTransformer3DModel',
      num_attention_heads: heads,
      attention_head_dim: 64,
      in_channels: 16,
      out_channels: 16,
      num_layers: layers,
      patch_size: 2,
      patch_size_t: 2,
      patch_bias: false,
      text_embed_dim: 4096,
      time_embed_dim: 512,
      max_text_seq_length: 226,
      sample_height: 300,
      sample_width: 300,
      sample_frames: 81,
      use_rotary_positional_embeddings: true,
      use_learned_positional_embeddings: false,
    },
    'bench',
  );

/** Weights by name and shape: norms one, biases small, others so that a product keeps its input's size. */
export const randomReader = (device, dtype) => ({
  get: (name, shape) =>
    T.keep(
      T.scope(() =>
        /norm.*weight$/.test(name)
          ? T.ones(shape, { device, dtype })
          : T.randn(shape, { device, dtype }).mul(
              name.endsWith('bias') ? 0.02 : shape.slice(1).reduce((a, b) => a * b, 1) ** -0.5,
            ),
      ),
    ),
});

export const randomTransformer = (config, device, dtype, reader = randomReader(device, dtype)) =>
  cogVideoXTransformer(config, readTransformerWeights(reader, config));
