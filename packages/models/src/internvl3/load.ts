import type { DType } from '@motion-enhancer/libtorch';
import { reportOnce, UserError } from '@motion-enhancer/support';
import { headDiffers, openCheckpoint, otherChatTemplate } from '../hub/index.js';
import type { WrapBlock } from '../vlm-common/language/weights.js';
import { type InternVL3Config, readInternVL3Config } from './config.js';
import { InternVL3 } from './model.js';
import { internVL3Segments } from './processing/chat.js';
import { readParameters } from './read-parameters.js';
import { fileName, weightFormOf } from './weight-names.js';
import { EMBEDDING, HEAD, parameterShapes } from './weights.js';

export interface LoadInternVL3Options {
  /** `cpu`, `cuda:0`, … */
  device: string;
  dtype: DType;
  /** Parameters record gradients. Default false. */
  trainable?: boolean;
  /** How blocks' weights come to be there while they run. Default: they always lie on the device. */
  wrapBlock?: WrapBlock | undefined;
  /** Of `<IMG_CONTEXT>`, for tokenizers with another vocabulary; original checkpoints name it in their tokenizer only. */
  imageTokenId?: number;
}

/**
 * Loads a checkpoint folder of InternVL3 in either form: InternVLForConditionalGeneration (`-hf`) or InternVLChatModel
 * (original, fused query, key and value); one file or shards.
 * @throws UserError ERR_CHECKPOINT, ERR_CONFIG, ERR_SAFETENSORS: another model's checkpoint, a missing shard or tensor,
 *   a config that contradicts the weights
 */
export function loadInternVL3(dir: string, options: LoadInternVL3Options): InternVL3 {
  const { device, dtype, trainable = false, wrapBlock } = options;
  const checkpoint = openCheckpoint(dir);
  try {
    const read = readInternVL3Config(checkpoint.config, checkpoint.configFile, (fields) =>
      reportOnce(`note: ${checkpoint.configFile} has fields that are not used here: ${fields.join(', ')}`),
    );
    const form = weightFormOf(checkpoint.names, dir);
    // transformers 4 goes by text_config, 5 by the top level: the two contradict each other in published files, the
    // presence of a head does not.
    const disputed = saysTied(checkpoint.config) === null;
    const tied = disputed ? !checkpoint.has(fileName(HEAD, form)) : read.text.tieWordEmbeddings;
    const untied = tied && headDiffers(checkpoint, fileName(HEAD, form), fileName(EMBEDDING, form));
    const text = { ...read.text, tieWordEmbeddings: tied && !untied };
    // The tokenizer's template of an original checkpoint is Qwen's, which its code never uses.
    if (read.form === 'hf') reportTemplate(dir);
    const config: InternVL3Config = { ...read, text, imageTokenId: options.imageTokenId ?? read.imageTokenId };
    const { parameters, unused } = readParameters(checkpoint, parameterShapes(config), { device, dtype, form });
    try {
      checkUnused(unused, text.tieWordEmbeddings ? fileName(HEAD, form) : null, checkpoint.configFile);
    } catch (error) {
      for (const parameter of parameters.values()) parameter.dispose();
      throw error;
    }
    if (trainable) for (const parameter of parameters.values()) parameter.requiresGrad_();
    return new InternVL3({ config, parameters, device, dtype, dir, form, wrapBlock });
  } finally {
    checkpoint.close();
  }
}

/** Chats are written by our own code. */
function reportTemplate(dir: string): void {
  const note = otherChatTemplate(dir, (messages) =>
    internVL3Segments(messages, [], { imageToken: '<IMG_CONTEXT>', system: null })
      .map(({ text }) => text)
      .join(''),
  );
  if (note) reportOnce(`note: ${note}`);
}

/** Whether every field about it says that the head is the embedding; null when they differ or there is none. */
function saysTied(raw: Readonly<Record<string, unknown>>): boolean | null {
  const sections = [raw, raw.text_config, raw.llm_config];
  const said = sections
    .map((section) => (section as Record<string, unknown> | undefined)?.tie_word_embeddings)
    .filter((value) => typeof value === 'boolean');
  return said.length > 0 && said.every((value) => value === said[0]) ? said[0]! : null;
}

/** Weights that the config has no place for would silently be lost. */
function checkUnused(unused: readonly string[], tiedHead: string | null, configFile: string): void {
  const strange = unused.filter((name) => name !== tiedHead && !name.endsWith('.inv_freq'));
  if (strange.length === 0) return;
  throw new UserError(
    `Expected only the tensors that ${configFile} describes but received ${strange.length} more, such as ${strange[0]}. The config and the weights do not belong together: download the checkpoint again.`,
    { code: 'ERR_CHECKPOINT' },
  );
}
