import { type Generator, randn, type Tensor } from '@motion-enhancer/libtorch';
import { ConvCache, decodeChunk, encodeChunk } from '@motion-enhancer/models';
import type { vaeOf } from './parts.js';

/** Weight of the divergence from unit normals, beside a reconstruction loss of about 0.02. */
const KL = 3e-4;

/**
 * Mean absolute error of the reconstruction, and a light pull of the latents to unit normals.
 * @param video_BCTHW in [−1, 1]: a few frames, encoded and decoded as one chunk
 */
export function vaeLoss(video_BCTHW: Tensor, vae: ReturnType<typeof vaeOf>, generator: Generator): Tensor {
  const [mean, logvar] = encode(video_BCTHW, vae);
  const noise = randn(mean.shape, { generator, device: mean.device, dtype: mean.dtype });
  const latent = mean.add(logvar.mul(0.5).exp().mul(noise));
  const cache = new ConvCache();
  const decoded = decodeChunk(latent, vae.decoder, vae.config, cache);
  cache.dispose();
  const error = decoded.sub(video_BCTHW).to('float32');
  const kl = mean.square().add(logvar.exp()).sub(logvar).sub(1).to('float32').mean().mul(0.5);
  return error.abs().mean().add(error.square().mean()).add(kl.mul(KL));
}

/** Mean and log variance of one chunk. */
export function encode(video_BCTHW: Tensor, { encoder, config }: ReturnType<typeof vaeOf>): [Tensor, Tensor] {
  const cache = new ConvCache();
  const [mean, logvar] = encodeChunk(video_BCTHW, encoder, config, cache).chunk(2, 1) as [Tensor, Tensor];
  cache.dispose();
  return [mean, logvar.clamp(-12, 6)];
}
