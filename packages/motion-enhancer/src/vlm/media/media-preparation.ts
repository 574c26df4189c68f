import type { MediaFolder, VlmFamily } from '../families/family.js';
import type { MediaPreparation } from '../types.js';

/** A family's preparation of media, for one checkpoint. */
export function mediaPreparation(family: VlmFamily, folder: MediaFolder): MediaPreparation {
  return {
    family,
    framesPerToken: family.framesPerToken(folder.config),
    chooseFrames: (video, settings, span) => family.chooseFrames(folder.config, video, settings, span),
    frameResize: (settings) => family.frameResize?.(folder.config, settings) ?? null,
    prepareMedium: (medium, settings) => family.prepareMedium(folder, medium, settings),
  };
}
