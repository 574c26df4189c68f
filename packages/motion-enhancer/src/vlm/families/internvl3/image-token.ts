import { dirname } from 'node:path';
import { ConfigReader, type RawConfig, type Tokenizer } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';

const CONTENT = '<IMG_CONTEXT>';

/**
 * The id that stands for visual tokens of InternVL: original checkpoints (`internvl_chat`) name it in their tokenizer
 * only, `-hf` ones in config.json.
 * @throws UserError ERR_TOKENIZER when the tokenizer lacks it, or has it elsewhere than config.json
 */
export function imageTokenOf(raw: RawConfig, file: string, tokenizer: Tokenizer): number {
  const id = tokenizer.tokenToId(CONTENT);
  const named = new ConfigReader(raw, file).int('image_token_id', null);
  const wanted = raw.model_type === 'internvl' ? (named ?? id) : (id ?? named);
  if (wanted === undefined || wanted === null || (id !== undefined && wanted !== id))
    throw new UserError(
      `Expected ${CONTENT} among the tokens of ${dirname(file)}${named === null ? '' : ` with the id ${named} (image_token_id)`} but received ${id === undefined ? 'none' : `the id ${id}`}. Take tokenizer files and config.json from one checkpoint of InternVL3.`,
      { code: 'ERR_TOKENIZER' },
    );
  return wanted;
}
