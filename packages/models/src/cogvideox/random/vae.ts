import type { RandomSizes } from './sizes.js';
import type { WeightMaker } from './weight-maker.js';

const CUBE = [3, 3, 3];
const POINT = [1, 1, 1];

/** The norms of one half: [channels] in the encoder, scaled and shifted by the latent in the decoder. */
function addNorm(m: WeightMaker, s: RandomSizes, half: 'encoder' | 'decoder', name: string, channels: number): void {
  if (half === 'encoder') {
    m.norm(name, channels);
    return;
  }
  m.norm(`${name}.norm_layer`, channels);
  m.layer(`${name}.conv_b.conv`, channels, s.latentChannels, { kernel: POINT, gain: 0.3 });
  m.layer(`${name}.conv_y.conv`, channels, s.latentChannels, { kernel: POINT, gain: 0.3 });
  // The scale is 1 on average.
  m.tensors.get(`${name}.conv_y.conv.bias`)!.fill_(1);
}

interface HalfSizes {
  name: 'encoder' | 'decoder';
  way: 'down' | 'up';
  /** Of the stages, in the order in which data meet them. */
  channels: readonly number[];
  /** Residual blocks a stage. */
  layers: number;
  inChannels: number;
  outChannels: number;
}

function addHalf(m: WeightMaker, s: RandomSizes, { name, way, channels, layers, inChannels, outChannels }: HalfSizes) {
  const norm = (at: string, size: number) => addNorm(m, s, name, at, size);
  const resnet = (at: string, from: number, to: number) => {
    norm(`${at}.norm1`, from);
    m.layer(`${at}.conv1.conv`, to, from, { kernel: CUBE, gain: 1.5 });
    norm(`${at}.norm2`, to);
    m.layer(`${at}.conv2.conv`, to, to, { kernel: CUBE });
    if (from !== to) m.layer(`${at}.conv_shortcut`, to, from, { kernel: POINT });
  };
  const [first, last] = [channels[0]!, channels.at(-1)!];
  m.layer(`${name}.conv_in.conv`, first, inChannels, { kernel: CUBE });
  channels.forEach((size, i) => {
    const at = `${name}.${way}_blocks.${i}`;
    for (let j = 0; j < layers; j++) resnet(`${at}.resnets.${j}`, j ? size : channels[Math.max(i - 1, 0)]!, size);
    if (i < channels.length - 1) m.layer(`${at}.${way}samplers.0.conv`, size, size, { kernel: [3, 3] });
  });
  const middle = name === 'encoder' ? last : first;
  for (const j of [0, 1]) resnet(`${name}.mid_block.resnets.${j}`, middle, middle);
  norm(`${name}.norm_out`, last);
  // SiLU leaves about 0.6 of a unit normal: latents come out near unit size after the scaling factor of 0.7.
  m.layer(`${name}.conv_out.conv`, outChannels, last, { kernel: CUBE, gain: name === 'encoder' ? 2.4 : 1 });
}

/** config.json and weights of an AutoencoderKLCogVideoX. Names: diffusers @ 58eb52c0. */
export function randomVae(m: WeightMaker, s: RandomSizes): Record<string, unknown> {
  const { vaeChannels, vaeLayers, latentChannels } = s;
  addHalf(m, s, {
    name: 'encoder',
    way: 'down',
    channels: vaeChannels,
    layers: vaeLayers,
    inChannels: 3,
    outChannels: 2 * latentChannels,
  });
  addHalf(m, s, {
    name: 'decoder',
    way: 'up',
    channels: [...vaeChannels].reverse(),
    layers: vaeLayers + 1,
    inChannels: latentChannels,
    outChannels: 3,
  });
  return {
    _class_name: 'AutoencoderKLCogVideoX',
    _diffusers_version: '0.40.0.dev0',
    act_fn: 'silu',
    block_out_channels: [...s.vaeChannels],
    down_block_types: s.vaeChannels.map(() => 'CogVideoXDownBlock3D'),
    force_upcast: true,
    in_channels: 3,
    invert_scale_latents: true,
    latent_channels: s.latentChannels,
    latents_mean: null,
    latents_std: null,
    layers_per_block: s.vaeLayers,
    norm_eps: 1e-6,
    norm_num_groups: s.normGroups,
    out_channels: 3,
    sample_height: 480,
    sample_width: 720,
    scaling_factor: 0.7,
    shift_factor: null,
    temporal_compression_ratio: 4,
    up_block_types: s.vaeChannels.map(() => 'CogVideoXUpBlock3D'),
    use_post_quant_conv: false,
    use_quant_conv: false,
  };
}
