import { UserError } from '@motion-enhancer/support';

const REMEDY = 'Copy the tokenizer files of the checkpoint anew.';

/** ERR_TOKENIZER: `file` is missing or not what it should be. */
export function tokenizerError(file: string, problem: string, remedy = REMEDY, cause?: unknown): UserError {
  return new UserError(`${problem} (${file}). ${remedy}`, { code: 'ERR_TOKENIZER', cause });
}
