import { type DType, tensor } from '@motion-enhancer/libtorch';
import { loadT5Encoder, loadTokenizer } from '@motion-enhancer/models';
import { TextEmbeddings } from '../text-embeddings.js';
import { textFit } from '../text-fit.js';

export interface T5TextsOptions {
  device: string;
  dtype: DType;
  /** Tokens that a text is padded and cut to. */
  maxLength: number;
}

/** Embeddings of a T5 encoder in the folder `textEncoder`. @throws UserError for a folder without a tokenizer */
export function t5Texts(
  folders: { textEncoder: string; tokenizer: string },
  { device, dtype, maxLength }: T5TextsOptions,
): TextEmbeddings {
  const tokenizer = loadTokenizer(folders.tokenizer);
  return new TextEmbeddings({
    ...{ device, dtype },
    tokenize: (text) => tokenizer.encode(text, { maxLength, padToMaxLength: true }),
    fit: (text) => textFit(tokenizer, maxLength, text),
    load() {
      const encoder = loadT5Encoder(folders.textEncoder, { device, dtype });
      return {
        embed: ({ ids }) => encoder.forward(tensor([ids], { dtype: 'int64', device })),
        dispose: () => encoder.dispose(),
      };
    },
  });
}
