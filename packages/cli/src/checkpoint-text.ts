import { familyNames } from '@motion-enhancer/core/internal/vlm/index.js';
import { OR_NAME } from './fetch-checkpoint.js';

/** Help text of an option that takes a VLM; made when it is read, for plugins may add families until then. */
export const checkpointText = (): string => `Folder of a ${familyNames()} checkpoint, ${OR_NAME}`;
