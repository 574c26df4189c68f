export {
  INTERNVL3_SYSTEM,
  type InternVL3Config,
  type InternVL3Form,
  type InternVL3VisionConfig,
  readInternVL3Config,
} from './config.js';
export { generateInternVL3, type InternVL3GenerateInput } from './generate.js';
export { generateInternVL3Batch } from './generate-batch.js';
export { type LoadInternVL3Options, loadInternVL3 } from './load.js';
export { InternVL3, type InternVL3Input } from './model.js';
export {
  chooseInternVL3Frames,
  IMAGENET_MEAN,
  IMAGENET_STD,
  type InternVL3Chat,
  type InternVL3ChatInput,
  type InternVL3ChatOptions,
  type InternVL3FrameOptions,
  type InternVL3FrameRule,
  type InternVL3Medium,
  type InternVL3PrepareOptions,
  type InternVL3TokenOptions,
  type InternVL3Tokens,
  type InternVL3VideoChat,
  internVL3Segments,
  type MediaSize,
  prepareInternVL3Chat,
  prepareInternVL3Tokens,
  prepareInternVL3VideoChat,
  type TileOptions,
  tileFrames,
  tileGrid,
  tileImage,
  tileOptions,
} from './processing/index.js';
export { type RandomInternVL3Options, writeRandomInternVL3 } from './random.js';
