import { keep, noGrad, scope } from '@motion-enhancer/libtorch';
import { readProcessorConfig } from '@motion-enhancer/models';
import { familyOf } from '../families/family-of.js';
import type { DecodedMedium, InputSettings, MediaPreparation, MediumInput } from '../types.js';
import { decodeMedium, disposeDecoded, type MediumPart } from './media.js';
import { mediaPreparation } from './media-preparation.js';

/** Makes media ready for a checkpoint's vision tower without its weights: for threads beside the one that computes. */
export interface MediumReader extends MediaPreparation {
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
  const { family, raw, file } = familyOf(dir);
  const folder = { config: family.readConfig(raw, file), processor: readProcessorConfig(dir) };
  return mediumReader(mediaPreparation(family, folder));
}

/** A reader by what prepares media already, such as a loaded checkpoint. */
export function mediumReader(preparation: MediaPreparation): MediumReader {
  const { family, framesPerToken, chooseFrames } = preparation;
  return {
    ...{ family, framesPerToken, chooseFrames },
    frameResize: (settings) => preparation.frameResize(settings),
    prepareMedium: (medium, settings) => preparation.prepareMedium(medium, settings),
    async read(part, settings, look) {
      const decoded = await decodeMedium(preparation, part, settings);
      try {
        const input = keep(noGrad(() => scope(() => preparation.prepareMedium(decoded, settings))));
        look?.(decoded, input);
        return input;
      } finally {
        disposeDecoded(part, decoded);
      }
    },
  };
}
