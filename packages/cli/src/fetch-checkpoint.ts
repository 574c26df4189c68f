import { type ResolveOptions, resolveCheckpoint } from '@motion-enhancer/models';
import { createProgress, type Progress, type ProgressOptions } from './progress.js';
import { bytesText } from './progress-text.js';

/** For help texts of options that take a checkpoint. */
export const OR_NAME = 'or org/name[@revision] to fetch from HF_ENDPOINT';

/** The folder of a checkpoint given as one or as `org/name[@revision]`; shows how far fetching is, where it is needed. */
export async function fetchCheckpoint(
  nameOrDir: string,
  options: ResolveOptions & Pick<ProgressOptions, 'json' | 'stream'>,
): Promise<string> {
  const { json = false, stream, ...rest } = options;
  let shown: Progress | null = null;
  const progress = () => {
    shown ??= createProgress({ label: 'fetch', unit: 'MB', json, ...(stream ? { stream } : {}) });
    return shown;
  };
  let summary = 'done';
  const dir = await resolveCheckpoint(nameOrDir, {
    ...rest,
    onProgress: ({ bytes, totalBytes, files, totalFiles }) => {
      progress().step(nameOrDir, megabytes(bytes), megabytes(totalBytes), `${files} of ${totalFiles} files`);
      summary = `${totalFiles} files, ${bytesText(totalBytes)}`;
    },
    onNote: (message) => progress().log(message),
  });
  (shown as Progress | null)?.finish(summary);
  return dir;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
