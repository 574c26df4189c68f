import { UserError } from '@motion-enhancer/support';

/** A video that cannot be used: the message names the file and the remedy; code `ERR_VIDEO`. */
export function videoError(path: string, problem: string, remedy: string, cause?: unknown): UserError {
  return new UserError(`Expected a video for ${JSON.stringify(path)} but ${problem}. ${remedy}`, {
    code: 'ERR_VIDEO',
    cause,
  });
}

/** What FFmpeg could not do with a file. */
export function undecodable(path: string, cause: unknown): UserError {
  return videoError(
    path,
    `it cannot be decoded (${(cause as Error).message})`,
    'Convert it (ffmpeg -i IN -pix_fmt yuv420p OUT.mp4), or leave it out.',
    cause,
  );
}
