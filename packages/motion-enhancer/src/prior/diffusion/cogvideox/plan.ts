import type { DType } from '@motion-enhancer/libtorch';
import {
  openCheckpoint,
  pipelineFolders,
  readCogVideoXConfig,
  readVaeConfig,
  tokenGrid,
  type VaeConfig,
  vaeBytes,
} from '@motion-enhancer/models';
import { bytesPerElement } from '../../bytes-per-element.js';
import { clipRule } from '../../clip-rule.js';
import { chooseClipFrames } from '../../grid.js';
import { checkSize } from '../check-size.js';
import { codingBytes } from '../encode-clip.js';
import type { ClipOptions, ModelPlan } from '../family.js';
import { frameRuleOf } from './frame-rule-of.js';
import { tileUnder } from './vae-tile.js';

/** What a CogVideoX folder needs for a clip, from its headers. @throws UserError for another folder, or a size without a grid */
export function planCogVideoX(dir: string, clip: ClipOptions, dtype: DType): ModelPlan {
  const folders = pipelineFolders(dir);
  const transformer = readPart(folders.transformer, dtype);
  const vae = readPart(folders.vae, dtype);
  const model = readCogVideoXConfig(transformer.config, transformer.file);
  const coder = readVaeConfig(vae.config, vae.file);
  const scale = coder.spatialCompression;
  checkSize(scale * model.patchSize, clip);
  const frameRule = frameRuleOf(coder);
  const frames = chooseClipFrames(clip.frames, clip.frames, clipRule(clip, frameRule)).length;
  const flat = (frames - 1) / frameRule.perLatent + 1;
  const { locations: _, ...grid } = tokenGrid(model, flat, clip.height / scale, clip.width / scale);
  const encoding = coding(coder, 'encode', { ...clip, frames }, dtype);
  return {
    attention: {
      kind: 'joint',
      layers: model.numLayers,
      heads: model.numAttentionHeads,
      headDim: model.attentionHeadDim,
    },
    frameRule,
    frames,
    grid: { ...grid, textTokens: model.maxTextSeqLength },
    textEncoder: readPart(folders.textEncoder, dtype).bytes,
    transformer: transformer.bytes,
    // The decoder is loaded only for the strip.
    vae: clip.keepStrip ? vae.bytes : vae.bytesOf((name) => name.startsWith('encoder.')),
    encoding: encoding.bytes,
    decoding: clip.keepStrip ? coding(coder, 'decode', { ...clip, frames }, dtype).bytes : 0,
    tile: encoding.tile,
  };
}

/** What coding a clip needs, and in which tiles (pixels). */
function coding(coder: VaeConfig, way: 'encode' | 'decode', clip: ClipOptions, dtype: DType) {
  const { frames, height, width } = clip;
  const size = { frames, height, width };
  const latent = tileUnder(coder, way, size, { dtype, memory: codingBytes(clip) });
  const scale = coder.spatialCompression;
  const tile = latent && { height: latent.height * scale, width: latent.width * scale };
  return { tile, bytes: vaeBytes(coder, way, { ...size, ...tile }, bytesPerElement(dtype)) };
}

/** Numbers in a checkpoint folder's headers, as bytes of a dtype. */
function readPart(folder: string, dtype: DType) {
  const checkpoint = openCheckpoint(folder);
  try {
    const count = (name: string) => checkpoint.info(name).shape.reduce((a, b) => a * b, 1);
    const sizes = checkpoint.names.map((name) => [name, count(name) * bytesPerElement(dtype)] as const);
    const bytesOf = (wanted: (name: string) => boolean) =>
      sizes.reduce((sum, [name, bytes]) => sum + (wanted(name) ? bytes : 0), 0);
    return { config: checkpoint.config, file: checkpoint.configFile, bytes: bytesOf(() => true), bytesOf };
  } finally {
    checkpoint.close();
  }
}
