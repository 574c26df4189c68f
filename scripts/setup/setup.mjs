import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { compileBinding } from './compile.mjs';
import { SetupError } from './errors.mjs';
import { findLibtorch } from './find-libtorch.mjs';
import { cudaIncludeDirs, resolveLibraries } from './libraries.mjs';
import { checkMachine, hasNvidiaDriver, readMachine } from './machine.mjs';
import { fetchHeaderWheels, ncclHeaders } from './nccl-headers.mjs';
import { say, secondsSince } from './progress.mjs';
import { findCompiler } from './toolchain.mjs';

/** The one source that needs headers of NCCL and CUDA; the binding does without it where they are not. */
const NCCL_SOURCE = 'nccl-backend.cc';

/**
 * Makes the native binding usable on this machine: finds or fetches libtorch, compiles `root`/native, and records in
 * native/build/config.json what was used. Does nothing that is already done. Returns the config.
 *
 * `quiet`: says nothing when there is nothing to do.
 *
 * @param {{ root: string, sourceDir?: string, buildDir?: string, headersDir?: string, quiet?: boolean, env?: NodeJS.ProcessEnv }} options
 */
export async function setup(options) {
  const { root, env = process.env } = options;
  const sourceDir = options.sourceDir ?? join(root, 'native');
  const buildDir = options.buildDir ?? join(sourceDir, 'build');
  const start = performance.now();
  checkMachine(readMachine());
  const napiHeaders = options.headersDir ?? join(root, 'node_modules/node-api-headers/include');
  if (!existsSync(join(napiHeaders, 'node_api.h'))) {
    throw new SetupError(
      `Node-API's headers are not in ${napiHeaders}.`,
      '`npm ci --ignore-scripts` in the repository, then `npm run setup` again.',
    );
  }
  const [compiler, libtorch] = await Promise.all([
    findCompiler(env),
    findLibtorch({ env, note: options.quiet ? undefined : say }),
  ]);
  const configPath = join(buildDir, 'config.json');
  const previous = readConfig(configPath);
  const driver = hasNvidiaDriver(env);
  const same =
    previous?.libtorchDir === libtorch.libtorchDir &&
    previous.version === libtorch.version &&
    previous.driver === driver;
  const linked =
    same && previous.libDirs.every((dir) => existsSync(dir)) ? previous : await resolveLibraries(libtorch, env);
  const { libDirs, libraries, cuda } = linked;
  const changed = options.quiet !== true || !same;
  if (changed) say(`libtorch ${libtorch.version} from ${describe(libtorch)}, ${cuda ? 'with CUDA' : 'CPU'}`);
  if (changed && driver && !cuda) {
    say(
      "  this machine has an NVIDIA driver, and this libtorch no CUDA part. To use the GPU: `python3 -m pip install 'torch>=2.9'`, with that python3 first on PATH",
    );
  }
  mkdirSync(buildDir, { recursive: true });
  const include = join(libtorch.libtorchDir, 'include');
  // What could not be fetched is not asked for again at every start.
  const mayFetch = !(same && options.quiet && previous.nccl !== undefined);
  const headers = cuda
    ? await ncclHeaders({
        ...libtorch,
        env,
        fetchWheels: (names, release) => fetchHeaderWheels(names, release, { env, mayFetch }),
      })
    : { missing: 'the binding was built for the CPU alone' };
  const {
    compiled,
    linked: relinked,
    failed,
  } = await compileBinding({
    sourceDir,
    buildDir,
    includeDirs: [
      napiHeaders,
      include,
      join(include, 'torch/csrc/api/include'),
      ...(cuda ? cudaIncludeDirs(libtorch.libtorchDir) : []),
    ],
    ownIncludeDirs: [join(sourceDir, 'gloo-stubs')],
    extras: { [NCCL_SOURCE]: headers.includeDirs ? headers : null },
    // libtorch's wheels of 2.7 and later all use the C++11 ABI.
    defines: ['NAPI_VERSION=8', '_GLIBCXX_USE_CXX11_ABI=1', `LIBTORCH_NODE_CUDA=${cuda ? 1 : 0}`],
    libDirs,
    libraries,
    compiler,
    identity: `${libtorch.libtorchDir} ${libtorch.version}`,
  });
  const why = headers.missing ?? (failed[NCCL_SOURCE] && `${NCCL_SOURCE} does not compile: ${failed[NCCL_SOURCE]}`);
  const nccl = why ? { built: false, why } : { built: true, headers: headers.identity };
  if (cuda && changed)
    say(why ? `  without NCCL, so GPUs talk to each other through host memory: ${why}` : `  with ${headers.identity}`);
  const unchanged =
    same &&
    compiled === 0 &&
    !relinked &&
    previous.source === libtorch.source &&
    isDeepStrictEqual(previous.nccl, nccl);
  const builtAt = unchanged ? previous.builtAt : new Date().toISOString();
  const config = { ...libtorch, libDirs, libraries, cuda, nccl, driver, compiler: compiler.version, builtAt };
  if (!unchanged) {
    writeFileSync(`${configPath}.${process.pid}`, `${JSON.stringify(config, null, 2)}\n`);
    renameSync(`${configPath}.${process.pid}`, configPath);
  }
  if (!unchanged || !options.quiet) say(`${unchanged ? 'up to date' : 'ready'} (${secondsSince(start)})`);
  return config;
}

function readConfig(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function describe({ source, libtorchDir }) {
  const names = { LIBTORCH: 'LIBTORCH', python: "python3's torch", cache: 'the cache' };
  return `${names[source]} (${libtorchDir})`;
}
