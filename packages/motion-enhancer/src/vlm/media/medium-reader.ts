import { join } from 'node:path';
import { keep, noGrad, scope } from '@motion-enhancer/libtorch';
import { readInternVL3Config, readJsonObject, readProcessorConfig, readQwen25VLConfig } from '@motion-enhancer/models';
import { familyOf } from '../families/family-of.js';
import { internVLFrameResize, prepareInternVLMedium } from '../families/internvl3/internvl-vlm.js';
import { prepareQwenMedium, qwenFrameResize } from '../families/qwen2-5-vl/qwen-vlm.js';
import type { DecodedMedium, InputSettings, MediumInput, VlmFamily } from '../types.js';
import { decodeMedium, disposeDecoded, type MediumPart } from './media.js';

/** Makes media ready for a checkpoint's vision tower without its weights: for threads beside the one that computes. */
export interface MediumReader {
  readonly family: VlmFamily;
  readonly framesPerToken: number;
  /**
   * What `prepareMedium` of the loaded checkpoint gives for the same file.
   * @param look is shown what was decoded and what was made of it
   * @throws UserError ERR_IMAGE, ERR_VIDEO, ERR_MEDIA, ERR_VALUE
   */
  read(
    part: MediumPart,
    settings: InputSettings,
    look?: (decoded: DecodedMedium, input: MediumInput) => void,
  ): Promise<MediumInput>;
}

/** Reads a checkpoint's config.json and processor config. @throws UserError ERR_CHECKPOINT, ERR_CONFIG */
export function openMediumReader(dir: string): MediumReader {
  const { family } = familyOf(dir);
  const file = join(dir, 'config.json');
  const raw = readJsonObject(file, 'ERR_CONFIG');
  const processor = readProcessorConfig(dir);
  const make = (() => {
    if (family === 'qwen2_5_vl') {
      const config = readQwen25VLConfig(raw, file);
      const prepare = (medium: DecodedMedium, settings: InputSettings) =>
        prepareQwenMedium(config, processor, medium, settings);
      const frameResize = (settings: InputSettings) => qwenFrameResize(config, settings);
      return { prepare, frameResize, framesPerToken: config.vision.temporalPatchSize };
    }
    // Original checkpoints name this token in their tokenizer only; pictures do not need it.
    const config = readInternVL3Config({ image_token_id: 0, ...raw }, file);
    const prepare = (medium: DecodedMedium, settings: InputSettings) =>
      prepareInternVLMedium(config, processor, medium, settings);
    return { prepare, frameResize: () => internVLFrameResize(config), framesPerToken: 1 };
  })();
  const vlm = { family, framesPerToken: make.framesPerToken };
  return {
    ...vlm,
    async read(part, settings, look) {
      const decoded = await decodeMedium({ ...vlm, frameResize: make.frameResize }, part, settings);
      try {
        const input = keep(noGrad(() => scope(() => make.prepare(decoded, settings))));
        look?.(decoded, input);
        return input;
      } finally {
        disposeDecoded(part, decoded);
      }
    },
  };
}
