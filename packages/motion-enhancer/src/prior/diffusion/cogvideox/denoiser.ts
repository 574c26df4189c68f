import { type CogVideoXTransformer, type DdimSchedule, tokenGrid } from '@motion-enhancer/models';
import type { Denoiser } from '../video-diffusion.js';
import { ddimSampler } from './ddim-sampler.js';

/** The passes of a CogVideoX transformer under a schedule; the transformer stays the caller's. */
export function cogVideoXDenoiser(transformer: CogVideoXTransformer, schedule: DdimSchedule): Denoiser {
  const { config } = transformer;
  return {
    device: transformer.device,
    dtype: transformer.dtype,
    attention: {
      kind: 'joint',
      layers: config.numLayers,
      heads: config.numAttentionHeads,
      headDim: config.attentionHeadDim,
    },
    sampler: ddimSampler(schedule),
    grid(x_BFCHW, text) {
      const [, flat, , h, w] = x_BFCHW.shape as [number, number, number, number, number];
      const { frames, height, width } = tokenGrid(config, flat, h, w);
      return { frames, height, width, textTokens: text.size(1) };
    },
    denoise(x_BFCHW, text, time, taps) {
      const joint = taps?.joint;
      return transformer.forward(
        x_BFCHW,
        text,
        time,
        joint ? { attend: (q, k, v, { layer }) => joint(q, k, v, layer) } : {},
      );
    },
  };
}
