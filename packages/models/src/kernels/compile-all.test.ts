import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileCuda } from '@motion-enhancer/libtorch';
import { KERNEL_SOURCES } from './registry.js';
import { kernelsOf } from './testing/cubin.js';

/** From Ampere on (A100; 3090; 4090, L40S; H100, H200; B200; 5090, RTX PRO 6000), and KB of shared memory that a block may have. */
const ARCHITECTURES = new Map([
  [80, 163],
  [86, 99],
  [89, 99],
  [90, 227],
  [100, 227],
  [120, 99],
]);
/** What every one of them has. */
const LEAST_SHARED = 99;
/** For Hopper alone (sm_90a), chosen by exact architecture: compiled where it runs. */
const EXEMPT = ['capture-replay.cu.ts'];

const BF16 = ['-DELEMENT_BF16'];
/** Element types matter to instructions that every architecture has: float16 is compiled for the oldest and the newest. */
const TARGETS = [...ARCHITECTURES.keys()].flatMap((architecture) => {
  const bf16 = { architecture, options: BF16 };
  return architecture === 80 || architecture === 120 ? [bf16, { architecture, options: [] }] : [bf16];
});

/** Folders of libnvrtc.so that `scripts/fetch-nvrtc.mjs` filled. */
function fetchedNvrtc(): string[] {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'motion-enhancer');
  const folders = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('nvrtc-')) : [];
  return folders.flatMap((folder) => {
    if (!existsSync(join(cache, folder, 'complete.json'))) return [];
    const files = readdirSync(join(cache, folder), { recursive: true }).map(String);
    const library = files.find((name) => /^libnvrtc\.so/.test(basename(name)));
    return library ? [join(cache, folder, library, '..')] : [];
  });
}

const dirs = fetchedNvrtc();
const skip = dirs.length > 0 ? false : 'NVRTC is not there: node scripts/fetch-nvrtc.mjs fetches it (90 MB)';

describe('every kernel compiles for every architecture since Ampere', { skip }, () => {
  for (const [name, { source, kernels, sharedBytes = 0, otherwise }] of Object.entries(KERNEL_SOURCES))
    test(name, () => {
      if (otherwise) assert.ok(KERNEL_SOURCES[otherwise], `${name} has no ${otherwise}`);
      for (const { architecture, options } of TARGETS) {
        if (otherwise && ARCHITECTURES.get(architecture) === LEAST_SHARED) continue;
        const target = `sm_${architecture}`;
        const flags = [`--gpu-architecture=${target}`, '--std=c++17', ...options];
        const found = kernelsOf(compileCuda(source, name, flags, dirs));
        assert.deepEqual([...found.keys()].sort(), [...kernels].sort(), target);
        for (const [kernel, { code, staticShared }] of found) {
          assert.ok(code.length > 0, `${kernel}, ${target}`);
          const shared = staticShared + sharedBytes;
          const most = 1024 * (otherwise ? ARCHITECTURES.get(architecture)! : LEAST_SHARED);
          assert.ok(shared <= most, `${kernel} takes ${shared} bytes of shared memory on ${target}`);
        }
      }
    });
});

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const bundled = existsSync(join(packages, 'models', 'src')) ? false : 'the sources are not here';

test('every source with kernels is in the registry', { skip: bundled }, async () => {
  const known = new Set(Object.values(KERNEL_SOURCES).map(({ source }) => source));
  const files = readdirSync(packages).flatMap((name) => {
    const src = join(packages, name, 'src');
    if (!existsSync(src)) return [];
    const inside = readdirSync(src, { recursive: true }).map(String);
    return inside.filter((file) => file.endsWith('.cu.ts')).map((file) => join(packages, name, 'dist', file));
  });
  assert.ok(files.length > EXEMPT.length);
  for (const file of files) {
    if (EXEMPT.includes(basename(file))) continue;
    const module: object = await import(pathToFileURL(file.replace(/ts$/, 'js')).href);
    for (const [name, source] of Object.entries(module))
      if (typeof source === 'string' && source.includes('__global__'))
        assert.ok(known.has(source), `${name} of ${file} is missing in packages/models/src/kernels/registry.ts`);
  }
});
