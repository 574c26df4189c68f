import type { Tensor } from '@motion-enhancer/libtorch';
import type { WeightReader } from '../../hub/index.js';
import type { VaeConfig } from './config.js';

/** weight [out, in, k, k, k] or [out, in, k, k], bias [out] */
export interface Conv {
  /** Checkpoint name: key of the frames that a causal convolution keeps for the next chunk. */
  name: string;
  weight: Tensor;
  bias: Tensor;
}
export interface GroupNormWeights {
  weight: Tensor;
  bias: Tensor;
}
/** Group norm scaled and shifted by projections of the latent (decoder only). */
export interface SpatialNormWeights extends GroupNormWeights {
  conv_y: Conv;
  conv_b: Conv;
}
export interface ResnetWeights<N extends GroupNormWeights = GroupNormWeights> {
  norm1: N;
  conv1: Conv;
  norm2: N;
  conv2: Conv;
  /** 1 × 1 × 1, where the channel counts differ. */
  conv_shortcut: Conv | null;
}
export interface StageWeights<N extends GroupNormWeights = GroupNormWeights> {
  resnets: ResnetWeights<N>[];
  /** Down- or upsampling convolution [out, in, 3, 3]; the last stage has none. */
  resample: Conv | null;
}
/** Mirrors one half of the checkpoint. */
export interface HalfWeights<N extends GroupNormWeights = GroupNormWeights> {
  conv_in: Conv;
  stages: StageWeights<N>[];
  mid: ResnetWeights<N>[];
  norm_out: N;
  conv_out: Conv;
}
export type EncoderWeights = HalfWeights;
export type DecoderWeights = HalfWeights<SpatialNormWeights>;

type ReadNorm<N> = (name: string, channels: number) => N;

const conv = (r: WeightReader, name: string, out: number, inp: number, ...kernel: number[]): Conv => ({
  name,
  weight: r.get(`${name}.weight`, [out, inp, ...kernel]),
  bias: r.get(`${name}.bias`, [out]),
});
const causal = (r: WeightReader, name: string, out: number, inp: number, k = 3): Conv =>
  conv(r, `${name}.conv`, out, inp, k, k, k);

function resnet<N extends GroupNormWeights>(
  r: WeightReader,
  name: string,
  inp: number,
  out: number,
  norm: ReadNorm<N>,
): ResnetWeights<N> {
  return {
    norm1: norm(`${name}.norm1`, inp),
    conv1: causal(r, `${name}.conv1`, out, inp),
    norm2: norm(`${name}.norm2`, out),
    conv2: causal(r, `${name}.conv2`, out, out),
    conv_shortcut: inp === out ? null : conv(r, `${name}.conv_shortcut`, out, inp, 1, 1, 1),
  };
}

/** Names: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0. */
export function readEncoderWeights(r: WeightReader, c: VaeConfig): EncoderWeights {
  const norm = (name: string, channels: number): GroupNormWeights => ({
    weight: r.get(`${name}.weight`, [channels]),
    bias: r.get(`${name}.bias`, [channels]),
  });
  return readHalf(r, norm, {
    half: 'encoder',
    way: 'down',
    inChannels: c.inChannels,
    outChannels: 2 * c.latentChannels,
    channels: c.blockChannels,
    layers: c.layersPerBlock,
  });
}

export function readDecoderWeights(r: WeightReader, c: VaeConfig): DecoderWeights {
  const norm = (name: string, channels: number): SpatialNormWeights => ({
    weight: r.get(`${name}.norm_layer.weight`, [channels]),
    bias: r.get(`${name}.norm_layer.bias`, [channels]),
    conv_y: causal(r, `${name}.conv_y`, channels, c.latentChannels, 1),
    conv_b: causal(r, `${name}.conv_b`, channels, c.latentChannels, 1),
  });
  return readHalf(r, norm, {
    half: 'decoder',
    way: 'up',
    inChannels: c.latentChannels,
    outChannels: c.outChannels,
    channels: [...c.blockChannels].reverse(),
    layers: c.layersPerBlock + 1,
  });
}

interface HalfSizes {
  half: 'encoder' | 'decoder';
  way: 'down' | 'up';
  inChannels: number;
  outChannels: number;
  /** Of the stages, in the order in which data meet them. */
  channels: readonly number[];
  /** Residual blocks a stage. */
  layers: number;
}

function readHalf<N extends GroupNormWeights>(r: WeightReader, norm: ReadNorm<N>, sizes: HalfSizes): HalfWeights<N> {
  const { half, way, inChannels, outChannels, channels, layers } = sizes;
  const [first, last] = [channels[0]!, channels.at(-1)!];
  const middle = half === 'encoder' ? last : first;
  return {
    conv_in: causal(r, `${half}.conv_in`, first, inChannels),
    stages: channels.map((size, i) => {
      const at = `${half}.${way}_blocks.${i}`;
      const from = channels[Math.max(i - 1, 0)]!;
      return {
        resnets: Array.from({ length: layers }, (_, j) => resnet(r, `${at}.resnets.${j}`, j ? size : from, size, norm)),
        resample: i === channels.length - 1 ? null : conv(r, `${at}.${way}samplers.0.conv`, size, size, 3, 3),
      };
    }),
    mid: [0, 1].map((j) => resnet(r, `${half}.mid_block.resnets.${j}`, middle, middle, norm)),
    norm_out: norm(`${half}.norm_out`, last),
    conv_out: causal(r, `${half}.conv_out`, outChannels, last),
  };
}
