import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheRoot } from './cache.mjs';
import { SetupError } from './errors.mjs';
import { findPythonTorch } from './python.mjs';
import { compareVersions, MIN_TORCH, readTorchVersion } from './version.mjs';
import { ensureWheel } from './wheel.mjs';

/**
 * Where libtorch is, in this order: the environment's LIBTORCH; the torch of the python3 on PATH, if new enough; the
 * wheel in the cache, fetched when it is not there.
 *
 * @param {{ env?: NodeJS.ProcessEnv, findPython?: () => Promise<string | undefined>, fetchWheel?: () => Promise<string>, note?: (text: string) => void }} [parts]
 * @returns {Promise<{ libtorchDir: string, version: string, source: 'LIBTORCH' | 'python' | 'cache' }>}
 */
export async function findLibtorch(parts = {}) {
  const { env = process.env, findPython = findPythonTorch, note = () => {} } = parts;
  const fetchWheel = parts.fetchWheel ?? (() => ensureWheel(cacheRoot(env)));
  if (env.LIBTORCH) return { ...inspectLibtorch(resolve(env.LIBTORCH)), source: 'LIBTORCH' };
  const fromPython = await findPython();
  if (fromPython) {
    const problem = libtorchProblem(fromPython);
    if (!problem) return { libtorchDir: fromPython, version: readTorchVersion(fromPython), source: 'python' };
    note(`python3's torch is passed over: ${problem}`);
  }
  return { ...inspectLibtorch(await fetchWheel()), source: 'cache' };
}

/** Why a folder cannot serve as libtorch, or undefined when it can. */
export function libtorchProblem(folder) {
  for (const part of ['include/torch/csrc/api/include/torch/version.h', 'lib/libtorch_cpu.so', 'lib/libc10.so']) {
    if (!existsSync(join(folder, part))) return `${folder} has no ${part}`;
  }
  const version = readTorchVersion(folder);
  if (!version) return `${folder} does not state its version`;
  return compareVersions(version, MIN_TORCH) < 0
    ? `${folder} holds torch ${version}, older than ${MIN_TORCH}`
    : undefined;
}

function inspectLibtorch(folder) {
  const problem = libtorchProblem(folder);
  if (problem) {
    throw new SetupError(
      `Expected a libtorch folder of version ${MIN_TORCH} or newer but ${problem}.`,
      'set LIBTORCH to a folder with include/ and lib/ of a newer torch (the folder `torch` of an installed wheel, or an unpacked libtorch archive),\nor unset it, so that one is found or fetched: `env -u LIBTORCH npm run setup`.',
    );
  }
  return { libtorchDir: realpathSync(folder), version: readTorchVersion(folder) };
}
