import {
  aten,
  attention,
  cat,
  type DType,
  keep,
  layerNorm,
  noGrad,
  scope,
  type Tensor,
  tensorsIn,
} from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import { linear } from '../../layers/linear.js';
import { loadWith } from '../load-with.js';
import { configError } from '../require-class.js';
import type { Attend } from './attend.js';
import { type BlockContext, firstOfBatch, transformerBlock_ } from './block.js';
import { type CogVideoXConfig, readCogVideoXConfig } from './config.js';
import { blockKernels } from './kernels/block-kernels.js';
import { patchify, unpatchify } from './patches.js';
import { type Rope, ropeFactors, ropeTables } from './rope.js';
import { sinePositions } from './sine-positions.js';
import { timeEmbedding } from './time-embedding.js';
import { type TokenGrid, tokenGrid } from './token-grid.js';
import { readTransformerWeights, type TransformerWeights } from './weights.js';

export interface ForwardOptions {
  /** Replaces the fused attention of every block. */
  attend?: Attend;
  /** Rotary tables of this latent size, to save computing them; see `ropeTables`. */
  rope?: Rope;
}

/** The denoiser of CogVideoX 1.5, 1.0-5B and 2B: frozen, never recorded for gradients. */
export interface CogVideoXTransformer {
  readonly config: CogVideoXConfig;
  readonly device: string;
  readonly dtype: DType;
  /**
   * latents [B, Flat, C, h, w], text [B, T, textEmbedDim], timestep (one for the whole batch, or [B]) → v prediction
   * [B, Flat, C, h, w] in the model's dtype; fewer sequences where `attend` went on with fewer.
   * @throws UserError for a shape that the checkpoint cannot take
   */
  forward(latents: Tensor, text: Tensor, timestep: number | Tensor, options?: ForwardOptions): Tensor;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * Reads a transformer folder (config.json and safetensors).
 * @throws UserError for another model's folder, a wrong field, a missing tensor or a wrong shape
 */
export function loadCogVideoXTransformer(dir: string, o: { device: string; dtype: DType }): CogVideoXTransformer {
  return loadWith(dir, o, (checkpoint, reader) => {
    const config = readCogVideoXConfig(checkpoint.config, checkpoint.configFile);
    const weights = readTransformerWeights(reader, config);
    const beyond = reader.unused().find((name) => name.startsWith('transformer_blocks.'));
    if (beyond) {
      throw configError(
        `Expected num_layers in ${checkpoint.configFile} to cover ${beyond} but received ${config.numLayers}. ` +
          'The weights do not belong to this config: download the checkpoint again.',
      );
    }
    return cogVideoXTransformer(config, weights);
  });
}

/** A model over weights that are already on their device; it owns them from here. */
export function cogVideoXTransformer(config: CogVideoXConfig, weights: TransformerWeights): CogVideoXTransformer {
  const { device, dtype } = weights.projOut.weight;
  let positions: { key: string; value: Tensor } | null = null;

  /** Rotary factors or sine positions of the last latent size. */
  const positionsOf = (flat: number, h: number, w: number): Tensor => {
    const key = [flat, h, w].join();
    if (positions?.key === key) return positions.value;
    positions?.value.dispose();
    const value = scope(() =>
      config.rotary
        ? ropeFactors(ropeTables(config, flat, h, w, device))
        : sinePositions(config, tokenGrid(config, flat, h, w)).to(dtype, device),
    );
    positions = { key, value: keep(value) };
    return value;
  };

  const forward: CogVideoXTransformer['forward'] = (latents, text, timestep, options = {}) =>
    noGrad(() =>
      scope(() => {
        checkInputs(latents, text, config);
        const [, flat, , h, w] = latents.shape as [number, number, number, number, number];
        const textTokens = text.size(1);
        const position = config.rotary && options.rope ? ropeFactors(options.rope) : positionsOf(flat, h, w);
        const time = timeEmbedding(timestep, weights, config).silu();
        let x_BND = embed(latents, text, weights, config, config.rotary ? null : position);
        const context: BlockContext = {
          config,
          textTokens,
          time,
          ropeFactors: config.rotary ? position : null,
          attend: options.attend ?? fused,
          kernels: blockKernels(x_BND, config.attentionHeadDim, config.width, config.normAffine),
        };
        weights.blocks.forEach((block, layer) => {
          const count = scope(() => transformerBlock_(x_BND, block, layer, context));
          x_BND = firstOfBatch(x_BND, count);
          context.time = firstOfBatch(context.time, count);
        });
        if (x_BND.size(0) === 0) return latents.narrow(0, 0, 0).to(dtype, device);
        const video_BSD = x_BND.narrow(1, textTokens, x_BND.size(1) - textTokens);
        return head(video_BSD, context.time, weights, config, tokenGrid(config, flat, h, w));
      }),
    );

  return {
    config,
    device,
    dtype,
    forward,
    dispose() {
      for (const t of tensorsIn(weights)) t.dispose();
      positions?.value.dispose();
      positions = null;
    },
  };
}

const fused: Attend = (q, k, v) => attention(q, k, v);

/** [text, video] tokens, [B, T + S, width]. */
function embed(
  latents: Tensor,
  text: Tensor,
  weights: TransformerWeights,
  config: CogVideoXConfig,
  positions_SD: Tensor | null,
): Tensor {
  const { device, dtype } = weights.projOut.weight;
  return scope(() => {
    const video = patchify(latents.to(dtype, device), weights.patchProj, config);
    if (positions_SD) video.add_(positions_SD);
    return cat([linear(text.to(dtype, device), weights.textProj), video], 1);
  });
}

/** Final norms, projection and patches back to latents. */
function head(
  video_BSD: Tensor,
  time: Tensor,
  weights: TransformerWeights,
  c: CogVideoXConfig,
  grid: TokenGrid,
): Tensor {
  const { normFinal, normOut, projOut } = weights;
  const [shift, scale] = linear(time, normOut.linear).unsqueeze(1).chunk(2, 2) as [Tensor, Tensor];
  const once = layerNorm(video_BSD, [c.width], normFinal.weight, normFinal.bias, c.normEps);
  const twice = layerNorm(once, [c.width], normOut.norm.weight, normOut.norm.bias, c.normEps);
  const modulated = aten.addcmul(shift, twice, scale.add(1)) as Tensor;
  return unpatchify(linear(modulated, projOut), grid, c);
}

function checkInputs(latents: Tensor, text: Tensor, c: CogVideoXConfig): void {
  const show = (t: Tensor): string => `[${t.shape.join(', ')}]`;
  if (latents.dim !== 5 || latents.size(2) !== c.inChannels)
    throw expected(`[B, frames, ${c.inChannels}, h, w]`, 'latents', show(latents));
  if (text.dim !== 3 || text.size(2) !== c.textEmbedDim || text.size(0) !== latents.size(0))
    throw expected(`[${latents.size(0)}, tokens, ${c.textEmbedDim}]`, 'text', show(text));
}
