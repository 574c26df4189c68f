// The parts of a mini CogVideoX as named float32 tensors, as training changes and checkpoints hold them.
import { Generator, keep, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import {
  type CogVideoXConfig,
  type DecoderWeights,
  type EncoderWeights,
  type RandomSizes,
  randomTextEncoder,
  randomTransformer,
  randomVae,
  readCogVideoXConfig,
  readDecoderWeights,
  readEncoderWeights,
  readT5Config,
  readT5Weights,
  readTransformerWeights,
  readVaeConfig,
  type T5Config,
  type T5Weights,
  type TransformerWeights,
  type VaeConfig,
  WeightMaker,
  type WeightReader,
} from '@motion-enhancer/models';
import { keepLastTap_ } from './last-tap.js';

export interface Part {
  /** What config.json says. */
  config: Record<string, unknown>;
  /** By checkpoint name. */
  tensors: Map<string, Tensor>;
}

export const freePart = (part: Part): void => {
  for (const tensor of part.tensors.values()) tensor.dispose();
};

/** A reader over tensors at hand: what a model's `read…Weights` asks for by name. */
function readerOf(tensors: ReadonlyMap<string, Tensor>): WeightReader {
  return {
    has: (name: string) => tensors.has(name),
    get: (name: string, shape: readonly number[]) => {
      const tensor = tensors.get(name);
      if (String(tensor?.shape) !== String(shape)) throw new Error(`${name}: [${tensor?.shape}] is not [${shape}]`);
      return tensor!;
    },
  } as unknown as WeightReader;
}

export function vaeOf(part: Part): { config: VaeConfig; encoder: EncoderWeights; decoder: DecoderWeights } {
  const config = readVaeConfig(part.config, 'vae/config.json');
  const reader = readerOf(part.tensors);
  return { config, encoder: readEncoderWeights(reader, config), decoder: readDecoderWeights(reader, config) };
}

export function transformerOf(part: Part): { config: CogVideoXConfig; weights: TransformerWeights } {
  const config = readCogVideoXConfig(part.config, 'transformer/config.json');
  return { config, weights: readTransformerWeights(readerOf(part.tensors), config) };
}

export function textEncoderOf(part: Part): { config: T5Config; weights: T5Weights } {
  const config = readT5Config(part.config, 'text_encoder/config.json');
  const reader = readerOf(part.tensors);
  return { config, weights: readT5Weights(reader, reader, config) };
}

/** Random weights to train from; the caller's to free. */
export function startParts(
  sizes: RandomSizes,
  seed: number,
  device: string,
): { vae: Part; transformer: Part; text: Part } {
  const make = (part: number, body: (m: WeightMaker) => Record<string, unknown>): Part =>
    scope(() =>
      noGrad(() => {
        const generator = new Generator(seed * 3 + part);
        const maker = new WeightMaker(generator);
        const config = body(maker);
        generator.dispose();
        return { config, tensors: new Map([...maker.tensors].map(([name, t]) => [name, keep(t.to(device).clone())])) };
      }),
    );
  return {
    vae: make(0, (m) => {
      const config = randomVae(m, sizes);
      for (const tensor of m.tensors.values()) keepLastTap_(tensor);
      return { ...config, temporal_compression_ratio: 1, scaling_factor: 1 };
    }),
    transformer: make(1, (m) => {
      const config = randomTransformer(m, sizes);
      soften(m.tensors);
      return { ...config, temporal_compression_ratio: 1, sample_frames: 16 };
    }),
    text: make(2, (m) => randomTextEncoder(m, sizes)),
  };
}

/** Blocks that do little at first train best: small modulations and gates, plain norms of queries and keys, v near 0. */
function soften(tensors: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of tensors) {
    if (/norm[12]\.linear\.weight$|norm_out\.linear\.weight$|^proj_out\.weight$/.test(name)) tensor.mul_(0.1);
    if (/norm_[qk]\.weight$/.test(name)) tensor.fill_(1);
    if (/ff\.net\.2\.weight$/.test(name)) tensor.div_(1.5);
    // Each residual counts a tenth of what it says, once the modulations' gates (third and sixth of six) say so.
    if (/norm[12]\.linear\.bias$/.test(name)) {
      const width = tensor.numel / 6;
      tensor.narrow(0, 2 * width, width).fill_(0.1);
      tensor.narrow(0, 5 * width, width).fill_(0.1);
    }
  }
}
