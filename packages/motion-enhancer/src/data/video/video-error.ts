import { UserError } from '@motion-enhancer/support';

/** A video that cannot be used: the message names the file and the remedy; code `ERR_VIDEO`. */
export function videoError(path: string, problem: string, remedy: string, cause?: unknown): UserError {
  return new UserError(`Expected a video for ${JSON.stringify(path)} but ${problem}. ${remedy}`, {
    code: 'ERR_VIDEO',
    cause,
  });
}
