import type { RgbImage } from '@motion-enhancer/core/internal/data/image/index.js';
import type { CogVideoX } from '@motion-enhancer/core/internal/prior/diffusion/cogvideox/load-cogvideox.js';
import { cat, fromTypedArray, Generator, noGrad, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { pictures } from '../clip-sheet.js';
import { CLIP } from '../clips/clip-size.js';
import type { WorldClip } from '../generate/index.js';
import { asVideo } from './train-vae.js';

/** Decoded latents [1, Flat, C, h, w] (scaled) as frames: uint8 [T, H, W, 3] */
function framesOf(vdm: CogVideoX, latents: Tensor): Uint8Array {
  return scope(() => {
    const video = vdm.vae.decode(latents.permute(0, 2, 1, 3, 4).div(vdm.vae.config.scalingFactor)); // [1, 3, T, H, W]
    const bytes = video.to('float32').add(1).mul(127.5).round().clamp(0, 255).to('uint8');
    return bytes.select(0, 0).permute(1, 2, 3, 0).contiguous().cpu().toTypedArray() as Uint8Array;
  });
}

/** A clip as the autoencoder gives it back, and the mean absolute error in levels of 255. */
export function reconstruction(
  vdm: CogVideoX,
  { frames, count, size }: WorldClip,
): { frames: Uint8Array; error: number } {
  return noGrad(() =>
    scope(() => {
      const bytes = fromTypedArray(frames, [1, count, size, size, 3]).to(vdm.device);
      const latents = vdm.vae
        .encode(asVideo(bytes, vdm.dtype === 'bfloat16' ? 'bfloat16' : 'float32'))
        .mean.mul(vdm.vae.config.scalingFactor);
      const decoded = framesOf(vdm, latents.permute(0, 2, 1, 3, 4));
      const error = decoded.reduce((sum, value, i) => sum + Math.abs(value - frames[i]!), 0) / decoded.length;
      return { frames: decoded, error };
    }),
  );
}

export interface SampleOptions {
  steps: number;
  guidance: number;
  seed: number;
  onStep?(done: number, total: number): void;
}

/** A video of a text, of the world's size, by DDIM with classifier-free guidance: uint8 [T, H, W, 3] */
export function sample(vdm: CogVideoX, text: string, o: SampleOptions): Uint8Array {
  return noGrad(() =>
    scope(() => {
      vdm.texts.encode([text, '']);
      const states = cat([vdm.texts.get('').embedding, vdm.texts.get(text).embedding]);
      const generator = new Generator(o.seed);
      const { latentChannels, spatialCompression } = vdm.vae.config;
      const side = CLIP.size / spatialCompression;
      let x = randn([1, CLIP.frames, latentChannels, side, side], { generator }).to(vdm.device); // [1, Flat, C, h, w]
      generator.dispose();
      const levels = vdm.schedule.timesteps(o.steps);
      levels.forEach((t, i) => {
        x = scope(() => {
          const v = vdm.transformer.forward(cat([x, x]).to(vdm.dtype), states, t).to('float32');
          const [without, given] = v.chunk(2) as [Tensor, Tensor];
          return vdm.schedule.step(without.add(given.sub(without), o.guidance), t, x, o.steps);
        });
        o.onStep?.(i + 1, levels.length);
      });
      return framesOf(vdm, x.to(vdm.dtype));
    }),
  );
}

/** `shown` frames, evenly spread. */
export function strip(frames: Uint8Array, count: number, size: number, shown = 8): RgbImage[] {
  const all = pictures(frames, count, size);
  return Array.from({ length: shown }, (_, i) => all[Math.round((i * (count - 1)) / (shown - 1))]!);
}
