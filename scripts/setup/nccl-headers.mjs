import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheRoot, fillCache, readManifest } from './cache.mjs';
import { downloadWheel } from './pip.mjs';
import { say } from './progress.mjs';
import { extractWheel } from './unzip.mjs';

/** What libtorch's header for NCCL includes of CUDA, some of it through others. */
const CUDA_HEADERS = [
  'cuda_runtime_api.h',
  'crt/host_defines.h',
  'nv/target',
  'cublas_v2.h',
  'cublasLt.h',
  'cusparse.h',
  'cusolverDn.h',
];

/** The wheels that hold the headers which torch's own dependencies leave out, by the header that shows their absence. */
const WHEELS = { 'crt/host_defines.h': 'nvidia-cuda-crt', 'nv/target': 'nvidia-cuda-cccl' };

/**
 * The header folders that NCCL's part of the binding is compiled with, or why there are none: NVIDIA's wheels beside torch,
 * else a CUDA toolkit of torch's major version, else both together, else with the two small wheels that pip does not install
 * with torch.
 *
 * @param {{ libtorchDir: string, version: string, env?: NodeJS.ProcessEnv, system?: string, fetchWheels?: (names: string[], release: string) => Promise<string | undefined> }} options
 *   `system`: the folder that stands for / (tests); `fetchWheels`: gives the folder of those two wheels' headers
 * @returns {Promise<{ includeDirs: string[], identity: string } | { missing: string }>}
 */
export async function ncclHeaders({ libtorchDir, version, env = process.env, system = '/', fetchWheels }) {
  const nvidia = join(dirname(libtorchDir), 'nvidia');
  const wheels = wheelDirs(nvidia);
  const toolkit = toolkitDirs(version, env, system);
  const nccl = [join(nvidia, 'nccl/include'), ...toolkit, join(system, 'usr/include')].find((dir) =>
    existsSync(join(dir, 'nccl.h')),
  );
  if (!nccl)
    return {
      missing: `nccl.h is neither in ${join(nvidia, 'nccl/include')} (the wheel nvidia-nccl) nor in a CUDA toolkit`,
    };
  const together = [...wheels, ...toolkit];
  const complete = [wheels, toolkit, together].find((dirs) => absent(dirs).length === 0);
  if (complete) return found(nccl, complete);
  const lacking = absent(together);
  const release = cudaRelease(together);
  const names = [...new Set(lacking.map((header) => WHEELS[header]))];
  if (fetchWheels && release?.startsWith('13.') && !names.includes(undefined)) {
    try {
      const fetched = await fetchWheels(names, release);
      const dirs = [...together, ...(fetched ? withCccl(fetched) : [])];
      if (absent(dirs).length === 0) return found(nccl, dirs);
    } catch (error) {
      say(`  ${names.join(' and ')} could not be fetched: ${error.message.split('\n')[0]}`);
    }
  }
  return {
    missing: `CUDA's headers ${lacking.join(', ')} are not beside torch (${nvidia}) and in no CUDA toolkit of torch's version (CUDA_HOME, /usr/local/cuda*)`,
  };
}

/**
 * The folder of headers of wheels of one CUDA release, such as 13.0: from the cache, else from PyPI into it. Undefined when they
 * are not in the cache and `mayFetch` is false.
 */
export async function fetchHeaderWheels(names, release, { env = process.env, mayFetch = true } = {}) {
  const folder = join(cacheRoot(env), `cuda-headers-${release}-${names.join('-')}`);
  if (!mayFetch && !readManifest(folder)) return undefined;
  await fillCache(folder, 40e6, async (temporary) => {
    const downloads = join(temporary, '.wheels');
    for (const name of names) {
      say(`fetching ${name}==${release}.* for the headers that NCCL needs`);
      const wheel = await downloadWheel(`${name}==${release}.*`, downloads);
      await extractWheel(wheel, join(temporary, 'include'), { prefix: 'nvidia/cu13/include/', pattern: '/include/' });
    }
    rmSync(downloads, { recursive: true, force: true });
    return { files: {} };
  });
  return join(folder, 'include');
}

function found(nccl, dirs) {
  const text = readFileSync(join(nccl, 'nccl.h'), 'utf8');
  const release = ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`#define NCCL_${part} (\\d+)`).exec(text)?.[1]);
  return {
    includeDirs: [nccl, ...dirs.filter((dir) => dir !== nccl)],
    identity: `NCCL ${release.join('.')}, CUDA ${cudaRelease(dirs)}`,
  };
}

const absent = (dirs) => CUDA_HEADERS.filter((header) => !dirs.some((dir) => existsSync(join(dir, header))));

/** CUDA 13's wheels share one folder; before, each had its own. */
function wheelDirs(nvidia) {
  if (!existsSync(nvidia)) return [];
  const names = ['cu13', 'cuda_runtime', 'cuda_nvcc', 'cuda_cccl', 'cublas', 'cusparse', 'cusolver'];
  return names
    .map((name) => join(nvidia, name, 'include'))
    .filter((dir) => existsSync(dir))
    .flatMap(withCccl);
}

/** The header folders of the first toolkit whose CUDA is of torch's major version ("+cu130" is 13). */
function toolkitDirs(version, env, system) {
  const major = /\+cu(\d+)\d$/.exec(version)?.[1];
  const local = join(system, 'usr/local');
  const versioned = existsSync(local)
    ? readdirSync(local)
        .filter((name) => /^cuda(-|$)/.test(name))
        .sort()
    : [];
  const homes = [env.CUDA_HOME, env.CUDA_PATH, ...versioned.map((name) => join(local, name))].filter(Boolean);
  for (const home of homes) {
    const dir = join(home, 'include');
    const release = cudaRelease([dir]);
    if (release && (!major || release.startsWith(`${major}.`))) return withCccl(dir);
  }
  return [];
}

/** CUDA 13 keeps what it shares with other libraries, nv/target among it, one folder deeper. */
function withCccl(dir) {
  const deeper = join(dir, 'cccl');
  return existsSync(deeper) ? [dir, deeper] : [dir];
}

/** "13.0" of the first cuda_runtime_api.h in the folders. */
function cudaRelease(dirs) {
  const path = dirs.map((dir) => join(dir, 'cuda_runtime_api.h')).find((file) => existsSync(file));
  const number = path && Number(/#define CUDART_VERSION\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1]);
  return number ? `${Math.floor(number / 1000)}.${Math.floor((number % 1000) / 10)}` : undefined;
}
