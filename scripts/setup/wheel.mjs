import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, fillCache, readManifest } from './cache.mjs';
import { fetchLibraries, missingLibraries } from './cuda-libraries.mjs';
import { SetupError } from './errors.mjs';
import { checkPip, downloadWheel } from './pip.mjs';
import { folderBytes, megabytes, say, secondsSince, withFolderProgress } from './progress.mjs';
import { extractWheel } from './unzip.mjs';
import { PINNED_TORCH, readRequirements, readTorchVersion } from './version.mjs';

/** Peak disk use: the wheel (at most 560 MB) beside what is kept of it (490 MB). */
const NEED_BYTES = 1.15e9;
// Left out: Python's own bindings, command line tools, and CUDA's libraries, which cannot load without an NVIDIA driver.
const KEEP =
  '^torch/(include/|version\\.py$|lib/lib(c10|torch|torch_cpu|shm|gomp[^/]*|[^/]*openblas[^/]*|arm_compute[^/]*)\\.so[^/]*$)|^torch-[^/]*\\.dist-info/(METADATA|licenses/.*|LICENSE|NOTICE)$|^torch\\.libs/';

/** Fetches the wheel torch==2.13.0 into the cache unless it is there, and returns its folder with include/ and lib/. */
export async function ensureWheel(root = cacheRoot()) {
  const folder = join(root, `libtorch-${PINNED_TORCH}`);
  if (readManifest(folder)) return folder;
  await checkPip();
  const start = performance.now();
  say(`no libtorch on this machine: fetching torch==${PINNED_TORCH} (about 530 MB once; 490 MB are kept in ${folder})`);
  await fillCache(folder, NEED_BYTES, async (temporary) => {
    const downloads = join(temporary, '.wheel');
    const wheel = await withFolderProgress('downloading', join(downloads, 'tmp'), () =>
      downloadWheel(`torch==${PINNED_TORCH}`, downloads),
    );
    say(`downloaded ${megabytes(statSync(wheel).size)} in ${secondsSince(start)}; unpacking`);
    const unpack = performance.now();
    const count = await extractWheel(wheel, temporary, { prefix: 'torch/', pattern: KEEP });
    await extractWheel(wheel, temporary, { prefix: `torch-${PINNED_TORCH}.dist-info/`, pattern: KEEP });
    rmSync(downloads, { recursive: true, force: true });
    const libDir = join(temporary, 'lib');
    const version = readTorchVersion(temporary);
    if (!version?.startsWith(PINNED_TORCH)) {
      throw new SetupError(
        `Expected torch ${PINNED_TORCH} in the wheel but its headers state ${version}.`,
        'check the package index that pip uses: `python3 -m pip config list`.',
      );
    }
    const missing = await missingLibraries(join(libDir, 'libtorch_cpu.so'));
    if (missing.length > 0) await fetchLibraries(missing, libDir, readRequirements(temporary, version));
    const still = await missingLibraries(join(libDir, 'libtorch_cpu.so'));
    if (still.length > 0)
      throw new SetupError(
        `libtorch_cpu.so still lacks ${still.join(', ')}.`,
        'use a complete libtorch: `LIBTORCH=/path/to/libtorch npm run setup`.',
      );
    say(`unpacked ${count} files, ${megabytes(folderBytes(temporary))}, in ${secondsSince(unpack)}`);
    const files = Object.fromEntries(
      readdirSync(libDir)
        .filter((name) => /\.so/.test(name))
        .map((name) => [`lib/${name}`, statSync(join(libDir, name)).size]),
    );
    return { torch: version, fetchedAt: new Date().toISOString(), files };
  });
  say(`libtorch ${PINNED_TORCH} is complete after ${secondsSince(start)}`);
  return folder;
}
