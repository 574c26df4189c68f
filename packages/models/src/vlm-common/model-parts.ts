import type { DType, Tensor } from '@motion-enhancer/libtorch';
import type { WrapBlock } from './language/weights.js';

/** @internal What a VLM is made of. */
export interface ModelParts<Config, Form> {
  config: Config;
  parameters: ReadonlyMap<string, Tensor>;
  device: string;
  dtype: DType;
  /** Folder that the model came from, and the names its files use. */
  dir: string;
  form: Form;
  /** How blocks' weights come to be there while they run. Default: they always lie on the device. */
  wrapBlock?: WrapBlock | undefined;
}
