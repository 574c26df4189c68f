import { UserError } from '@motion-enhancer/support';

const DOWNLOAD_AGAIN = 'The file is damaged or incomplete: download it again.';

/** A typed error about one safetensors file: names the file, what is wrong and the remedy. */
export function safetensorsError(path: string, problem: string, remedy = DOWNLOAD_AGAIN, cause?: unknown): UserError {
  return new UserError(`${path}: ${problem}. ${remedy}`, { code: 'ERR_SAFETENSORS', cause });
}
