// What the benches at the size of CogVideoX-1.5-5B share: its transformer with random weights made on the device.
import * as T from '../packages/libtorch/dist/index.js';
import { cogVideoXTransformer, readCogVideoXConfig } from '../packages/models/dist/cogvideox/index.js';
import { readTransformerWeights } from '../packages/models/dist/cogvideox/transformer/weights.js';
import { MODEL_SIZES } from './model-sizes.mjs';

const SIZES = MODEL_SIZES['cogvideox-1.5-5b'];

/** The value after `--name` on the command line. */
export const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};

/** A config.json of CogVideoX-1.5-5B's form, read. */
export const transformerConfig = ({ layers = SIZES.num_layers, heads = SIZES.num_attention_heads } = {}) =>
  readCogVideoXConfig(
    {
      _class_name: 'CogVideoXTransformer3DModel',
      ...SIZES,
      num_attention_heads: heads,
      num_layers: layers,
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
