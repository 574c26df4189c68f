import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, fillCache, readManifest } from './cache.mjs';
import { SetupError } from './errors.mjs';
import { checkPip, downloadWheel } from './pip.mjs';
import { megabytes, say, secondsSince, withFolderProgress } from './progress.mjs';
import { extractWheel } from './unzip.mjs';

/** The compiler of CUDA C++ as a wheel of PyPI; it needs neither GPU nor driver. */
export const PINNED_NVRTC = '13.0.88';
/** The wheel (at most 95 MB) beside what is kept of it. */
const NEED_BYTES = 400e6;
const LIBRARY = '/lib(64)?/libnvrtc(-builtins)?\\.so[^/]*$';

/** The folder that `fetchNvrtc` fills. The tests look for the library there (packages/models/src/kernels/compile-all.test.ts). */
export const nvrtcFolder = (root = cacheRoot()) => join(root, `nvrtc-${PINNED_NVRTC}`);

/** Fetches the wheel nvidia-cuda-nvrtc into the cache unless it is there; returns that folder, which holds libnvrtc.so.13. */
export async function fetchNvrtc(root = cacheRoot(), download = downloadWheel) {
  const folder = nvrtcFolder(root);
  if (readManifest(folder)) return folder;
  await checkPip();
  const start = performance.now();
  say(`fetching NVRTC ${PINNED_NVRTC} for the tests that compile every kernel (about 90 MB once, kept in ${folder})`);
  await fillCache(folder, NEED_BYTES, async (temporary) => {
    const downloads = join(temporary, '.wheel');
    const wheel = await withFolderProgress('downloading', join(downloads, 'tmp'), () =>
      download(`nvidia-cuda-nvrtc==${PINNED_NVRTC}`, downloads),
    );
    await extractWheel(wheel, join(temporary, 'all'), { pattern: LIBRARY });
    rmSync(downloads, { recursive: true, force: true });
    const files = readdirSync(join(temporary, 'all'), { recursive: true })
      .map((name) => join('all', String(name)))
      .filter((name) => statSync(join(temporary, name)).isFile());
    if (!files.some((name) => name.endsWith('/libnvrtc.so.13')))
      throw new SetupError(
        `The wheel of nvidia-cuda-nvrtc ${PINNED_NVRTC} holds no libnvrtc.so.13.`,
        'check the package index that pip uses: `python3 -m pip config list`.',
      );
    return {
      nvrtc: PINNED_NVRTC,
      fetchedAt: new Date().toISOString(),
      files: Object.fromEntries(files.map((name) => [name, statSync(join(temporary, name)).size])),
    };
  });
  say(`NVRTC is there after ${secondsSince(start)}, ${megabytes(totalBytes(folder))}`);
  return folder;
}

function totalBytes(folder) {
  const { files } = readManifest(folder) ?? { files: {} };
  return Object.values(files).reduce((sum, bytes) => sum + bytes, 0);
}
