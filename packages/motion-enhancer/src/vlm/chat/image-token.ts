import { join } from 'node:path';
import { ConfigReader, readJsonObject, type Tokenizer } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';

const CONTENT = '<IMG_CONTEXT>';

/**
 * The id that stands for visual tokens of InternVL: original checkpoints (`internvl_chat`) name it in their tokenizer
 * only, `-hf` ones in config.json.
 * @throws UserError ERR_TOKENIZER when the tokenizer lacks it, or has it elsewhere than config.json
 */
export function imageTokenOf(dir: string, form: string, tokenizer: Tokenizer): number {
  const id = tokenizer.tokenToId(CONTENT);
  const file = join(dir, 'config.json');
  const named = new ConfigReader(readJsonObject(file, 'ERR_CONFIG'), file).int('image_token_id', null);
  const wanted = form === 'internvl' ? (named ?? id) : (id ?? named);
  if (wanted === undefined || wanted === null || (id !== undefined && wanted !== id))
    throw new UserError(
      `Expected ${CONTENT} among the tokens of ${dir}${named === null ? '' : ` with the id ${named} (image_token_id)`} but received ${id === undefined ? 'none' : `the id ${id}`}. Take tokenizer files and config.json from one checkpoint of InternVL3.`,
      { code: 'ERR_TOKENIZER' },
    );
  return wanted;
}
