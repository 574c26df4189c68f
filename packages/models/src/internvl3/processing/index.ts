export { type InternVL3ChatOptions, internVL3Segments, type MediaSize } from './chat.js';
export { chooseInternVL3Frames, type InternVL3FrameOptions, type InternVL3FrameRule } from './choose-frames.js';
export {
  IMAGENET_MEAN,
  IMAGENET_STD,
  type InternVL3Chat,
  type InternVL3ChatInput,
  type InternVL3Medium,
  type InternVL3PrepareOptions,
  type InternVL3VideoChat,
  prepareInternVL3Chat,
  prepareInternVL3VideoChat,
} from './prepare-chat.js';
export { type InternVL3TokenOptions, type InternVL3Tokens, prepareInternVL3Tokens } from './prepare-tokens.js';
export { type TileOptions, tileFrames, tileGrid, tileImage, tileOptions } from './tiles.js';
