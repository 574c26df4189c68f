import type { DType, Tensor } from '@motion-enhancer/libtorch';
import { reportOnce, UserError } from '@motion-enhancer/support';
import { headDiffers, openCheckpoint, otherChatTemplate, WeightReader } from '../hub/index.js';
import type { WrapBlock } from '../vlm-common/language/weights.js';
import { readQwen25VLConfig } from './config.js';
import { Qwen25VL } from './model.js';
import { chatSegments } from './processing/chat-template.js';
import { fileName, weightFormOf } from './weight-names.js';
import { EMBEDDING, HEAD, parameterShapes } from './weights.js';

export interface LoadQwen25VLOptions {
  /** `cpu`, `cuda:0`, … */
  device: string;
  dtype: DType;
  /** Parameters record gradients. Default false. */
  trainable?: boolean;
  /** How blocks' weights come to be there while they run. Default: they always lie on the device. */
  wrapBlock?: WrapBlock | undefined;
}

/**
 * Loads a checkpoint folder of Qwen2.5-VL in either form (flat or nested config; `visual.*` or `model.visual.*` names;
 * one file or shards).
 * @throws UserError ERR_CHECKPOINT, ERR_CONFIG, ERR_SAFETENSORS: another model's checkpoint, a missing shard or tensor,
 *   a config that contradicts the weights
 */
export function loadQwen25VL(
  dir: string,
  { device, dtype, trainable = false, wrapBlock }: LoadQwen25VLOptions,
): Qwen25VL {
  const checkpoint = openCheckpoint(dir);
  try {
    const read = readQwen25VLConfig(checkpoint.config, checkpoint.configFile, (fields) =>
      reportOnce(`note: ${checkpoint.configFile} has fields that are not used here: ${fields.join(', ')}`),
    );
    const form = weightFormOf(checkpoint.names, dir);
    const untied =
      read.text.tieWordEmbeddings && headDiffers(checkpoint, fileName(HEAD, form), fileName(EMBEDDING, form));
    const config = untied ? { ...read, text: { ...read.text, tieWordEmbeddings: false } } : read;
    reportTemplate(dir);
    const reader = new WeightReader(checkpoint, { device, dtype, rename: (name) => fileName(name, form) });
    try {
      const parameters = new Map<string, Tensor>();
      for (const [name, shape] of parameterShapes(config)) parameters.set(name, reader.get(name, shape));
      checkUnused(reader.unused(), config.text.tieWordEmbeddings, checkpoint.configFile);
      if (trainable) for (const parameter of parameters.values()) parameter.requiresGrad_();
      return new Qwen25VL({ config, parameters, device, dtype, dir, form, wrapBlock });
    } catch (error) {
      reader.dispose();
      throw error;
    }
  } finally {
    checkpoint.close();
  }
}

/** Chats are written by our own code. */
function reportTemplate(dir: string): void {
  const pads = { imagePad: '<|image_pad|>', videoPad: '<|video_pad|>' };
  const note = otherChatTemplate(dir, (messages) =>
    chatSegments(messages, pads)
      .map(({ text }) => text)
      .join(''),
  );
  if (note) reportOnce(`note: ${note}`);
}

/** Weights that the config has no place for would silently be lost. */
function checkUnused(unused: readonly string[], tied: boolean, configFile: string): void {
  const strange = unused.filter((name) => !(tied && name === 'lm_head.weight') && !name.endsWith('.inv_freq'));
  if (strange.length === 0) return;
  throw new UserError(
    `Expected only the tensors that ${configFile} describes but received ${strange.length} more, such as ${strange[0]}. The config and the weights do not belong together: download the checkpoint again.`,
    { code: 'ERR_CHECKPOINT' },
  );
}
