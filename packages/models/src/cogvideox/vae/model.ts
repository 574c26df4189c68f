import {
  cat,
  type DType,
  type Generator,
  noGrad,
  randn,
  scope,
  type Tensor,
  tensorsIn,
} from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import { loadWith } from '../load-with.js';
import { ConvCache } from './causal-conv.js';
import { readVaeConfig, type VaeConfig } from './config.js';
import { decodeChunk } from './decoder.js';
import { encodeChunk } from './encoder.js';
import { inTiles, type TileSize } from './tiling.js';
import { type DecoderWeights, type EncoderWeights, readDecoderWeights, readEncoderWeights } from './weights.js';

/** A normal distribution over latents, [B, latentChannels, Flat, h, w] each; its mode is the mean. */
export interface Posterior {
  mean: Tensor;
  /** Clamped to [−30, 20]. */
  logvar: Tensor;
}

/** The causal video autoencoder of CogVideoX. Latents here are not yet multiplied by `config.scalingFactor`. */
export interface CogVideoXVae {
  readonly config: VaeConfig;
  readonly device: string;
  readonly dtype: DType;
  /**
   * Video [B, 3, n, H, W] in [−1, 1] → posterior with Flat = (n − 1) / 4 + 1 frames for n = 4k + 1.
   * @param tile encode in overlapping tiles of this size (latent pixels), for less memory; see `tilesUnder`
   * @throws UserError for another number of channels, or H or W that is no multiple of `config.spatialCompression`
   */
  encode(video: Tensor, tile?: TileSize | null): Posterior;
  /**
   * Latents [B, latentChannels, Flat, h, w] → video [B, 3, n, H, W], about [−1, 1], not clamped. As in the source,
   * n = 4 (Flat − 1) + 1 for an odd Flat and 4 Flat for an even one, whose first frame is no longer alone.
   */
  decode(latents: Tensor, tile?: TileSize | null): Tensor;
  dispose(): void;
}

export interface VaeOptions {
  device: string;
  dtype: DType;
  /** Read the decoder too (default true). */
  decoder?: boolean;
}

/** Frames that are encoded, and latent frames that are decoded, at once; group norms see one chunk at a time. */
const VIDEO_CHUNK = 8;
const LATENT_CHUNK = 2;

/**
 * Reads a vae folder (config.json and safetensors).
 * @throws UserError for another model's folder, a wrong field, a missing tensor or a wrong shape
 */
export function loadVae(dir: string, o: VaeOptions): CogVideoXVae {
  return loadWith(dir, o, (checkpoint, reader) => {
    const config = readVaeConfig(checkpoint.config, checkpoint.configFile);
    const encoder = readEncoderWeights(reader, config);
    const decoder = o.decoder === false ? null : readDecoderWeights(reader, config);
    return cogVideoXVae(config, encoder, decoder);
  });
}

/** A model over weights that are already on their device; it owns them from here. */
export function cogVideoXVae(config: VaeConfig, encoder: EncoderWeights, decoder: DecoderWeights | null): CogVideoXVae {
  const { device, dtype } = encoder.conv_in.weight;
  const inChunks = (x: Tensor, size: number, run: (chunk: Tensor, cache: ConvCache) => Tensor): Tensor =>
    noGrad(() =>
      scope(() => {
        const input = x.to(dtype, device);
        const cache = new ConvCache();
        try {
          const chunks = chunkBounds(input.size(2), size).map(([start, end]) =>
            scope(() => run(input.narrow(2, start, end - start), cache)),
          );
          return cat(chunks, 2);
        } finally {
          cache.dispose();
        }
      }),
    );

  return {
    config,
    device,
    dtype,
    encode(video, tile) {
      checkShape(video, config.inChannels, config.spatialCompression, 'video');
      const whole = (x: Tensor) =>
        inChunks(x, VIDEO_CHUNK, (chunk, cache) => encodeChunk(chunk, encoder, config, cache));
      return scope(() => {
        const moments = tile ? inTiles(video, tile, config.spatialCompression, 1, whole) : whole(video);
        const [mean, logvar] = moments.chunk(2, 1) as [Tensor, Tensor];
        return { mean: mean.contiguous(), logvar: logvar.clamp(-30, 20) };
      });
    },
    decode(latents, tile) {
      if (!decoder) throw new Error('This autoencoder was loaded without its decoder.');
      checkShape(latents, config.latentChannels, 1, 'latents');
      const whole = (x: Tensor) =>
        inChunks(x, LATENT_CHUNK, (chunk, cache) => decodeChunk(chunk, decoder, config, cache));
      return tile ? inTiles(latents, tile, 1, config.spatialCompression, whole) : whole(latents);
    },
    dispose() {
      for (const t of tensorsIn([encoder, decoder])) t.dispose();
    },
  };
}

/** mean + σ ε with ε from the generator (or the default one): a draw from the posterior, in its dtype. */
export function samplePosterior({ mean, logvar }: Posterior, generator?: Generator): Tensor {
  return scope(() => {
    // Drawn on the CPU, so that a seed means the same latents on every device.
    const noise = randn(mean.shape, generator ? { generator } : {}).to(mean.dtype, mean.device);
    return mean.add(logvar.mul(0.5).exp().mul(noise));
  });
}

/**
 * Chunks of `size` frames; the first also takes the remainder.
 * Source: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0, _encode and _decode
 */
export function chunkBounds(frames: number, size: number): [start: number, end: number][] {
  const count = Math.max(Math.floor(frames / size), 1);
  const rest = frames % size;
  return Array.from({ length: count }, (_, i) => [
    i === 0 ? 0 : size * i + rest,
    Math.min(size * (i + 1) + rest, frames),
  ]);
}

function checkShape(x: Tensor, channels: number, multiple: number, name: string): void {
  const shown = `[${x.shape.join(', ')}]`;
  if (x.dim !== 5 || x.size(1) !== channels || x.numel === 0)
    throw expected(`[B, ${channels}, frames, height, width]`, name, shown);
  if (x.size(3) % multiple !== 0 || x.size(4) % multiple !== 0)
    throw expected(`height and width in multiples of ${multiple}`, name, shown);
}
