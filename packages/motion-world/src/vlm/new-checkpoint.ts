import { Generator, keep, noGrad, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { parameterShapes, type RawConfig, readQwen25VLConfig, saveCheckpoint } from '@motion-enhancer/models';
import type { CutTokenizer } from './cut-tokenizer.js';
import { MINI, type MiniSizes, miniConfig, miniFiles } from './mini-config.js';

/** Normal(0, 0.02), or 1/√in where that is less; the layers that end a residual branch are scaled down by its depth. */
function initial(name: string, shape: readonly number[], generator: Generator, branches: number): Tensor {
  if (/norm|ln_q/.test(name)) return randn(shape, { generator }).mul(0).add(1);
  if (shape.length === 1) return randn(shape, { generator }).mul(0);
  const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
  const ends = /o_proj|down_proj|attn\.proj/.test(name);
  const deviation = name.includes('embed_tokens') ? 0.02 : 1 / Math.sqrt(inputs);
  return randn(shape, { generator }).mul(deviation / (ends ? Math.sqrt(branches) : 1));
}

/** Untrained weights of the mini VLM by canonical name, float32; the caller's to free. */
export function newParameters(raw: RawConfig, seed: number): Map<string, Tensor> {
  const config = readQwen25VLConfig(raw, 'the mini VLM');
  const generator = new Generator(seed);
  try {
    return noGrad(
      () =>
        new Map(
          [...parameterShapes(config)].map(([name, shape]) => {
            const branches = 2 * (name.includes('visual') ? config.vision.depth : config.text.numHiddenLayers);
            return [name, keep(scope(() => initial(name, shape, generator, branches)))];
          }),
        ),
    );
  } finally {
    generator.dispose();
  }
}

/** Names as published checkpoints have them. */
const hubName = (name: string) => name.replace('model.visual.', 'visual.').replace('model.language_model.', 'model.');

/** Writes a folder that `loadVlm` takes, with an untrained model of this form. */
export function writeNewMiniVlm(
  dir: string,
  cut: CutTokenizer,
  options: { seed: number; sizes?: MiniSizes; overwrite?: boolean },
): void {
  const config = miniConfig(cut, options.sizes ?? MINI);
  const parameters = newParameters(config, options.seed);
  try {
    saveCheckpoint(dir, {
      config,
      tensors: new Map([...parameters].map(([name, tensor]) => [hubName(name), tensor])),
      extraFiles: { ...miniFiles(cut), RANDOM_WEIGHTS: 'The weights are random numbers: not trained yet.\n' },
      overwrite: options.overwrite ?? false,
    });
  } finally {
    for (const tensor of parameters.values()) tensor.dispose();
  }
}
