import { ConfigReader, type RawConfig } from '../../hub/index.js';
import { configError, requireClass } from '../require-class.js';

/**
 * What vae/config.json of CogVideoX says.
 * Source: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0, AutoencoderKLCogVideoX.__init__
 */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  readonly blockChannels: readonly number[];
  /** Resnets per down block; up blocks have one more. */
  readonly layersPerBlock: number;
  readonly normGroups: number;
  readonly normEps: number;
  /** Video frames per latent frame (after the first): the first log₂ of it blocks halve time. */
  readonly temporalCompression: number;
  /** Pixels per latent pixel and side. */
  readonly spatialCompression: number;
  /** Latents are multiplied by it before the transformer sees them: 0.7 for 5B and 1.5. */
  readonly scalingFactor: number;
  /** Pixels of the frames that it was trained on: tiles are half of them on either side. */
  readonly sampleHeight: number;
  readonly sampleWidth: number;
}

/** @throws UserError `ERR_CONFIG` for another model's config or a wrong field */
export function readVaeConfig(raw: RawConfig, file: string): VaeConfig {
  requireClass(raw, 'AutoencoderKLCogVideoX', file, "Give the pipeline's vae folder.");
  const c = new ConfigReader(raw, file);
  const blockChannels = c.ints('block_out_channels', [128, 256, 256, 512]);
  const normGroups = c.int('norm_num_groups', 32);
  const uneven = blockChannels.find((channels) => channels % normGroups !== 0);
  if (uneven !== undefined || blockChannels.length === 0)
    throw configError(
      `Expected multiples of norm_num_groups = ${normGroups} for block_out_channels in ${file} but received ${uneven ?? 'none'}.`,
    );
  c.oneOf('act_fn', ['silu'], 'silu');
  for (const field of ['use_quant_conv', 'use_post_quant_conv'])
    if (c.bool(field, false)) throw configError(`Expected false for ${field} in ${file} but received true.`);
  const temporalCompression = c.float('temporal_compression_ratio', 4);
  return {
    inChannels: c.int('in_channels', 3),
    outChannels: c.int('out_channels', 3),
    latentChannels: c.int('latent_channels', 16),
    blockChannels,
    layersPerBlock: c.int('layers_per_block', 3),
    normGroups,
    normEps: c.float('norm_eps', 1e-6),
    temporalCompression,
    spatialCompression: 2 ** (blockChannels.length - 1),
    scalingFactor: c.float('scaling_factor', 1.15258426),
    sampleHeight: c.int('sample_height', 480),
    sampleWidth: c.int('sample_width', 720),
  };
}

/** Does block `index` (from the outside in for the encoder, from the inside out for the decoder) change the frame count? */
export function changesTime(c: VaeConfig, index: number): boolean {
  return index < Math.floor(Math.log2(c.temporalCompression));
}
