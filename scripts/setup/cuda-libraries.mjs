import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fillCache } from './cache.mjs';
import { SetupError } from './errors.mjs';
import { exec } from './exec.mjs';
import { downloadWheel } from './pip.mjs';
import { say } from './progress.mjs';
import { extractWheel } from './unzip.mjs';
import { requirementsOf } from './version.mjs';

/**
 * Libraries that a libtorch built for CUDA needs even where it only runs on the CPU. The package of CUDA 13 carries no
 * suffix; before that the major version is part of the name.
 */
const PACKAGES = {
  'libcudart.so': { name: 'nvidia-cuda-runtime', extra: 'cudart' },
  'libcupti.so': { name: 'nvidia-cuda-cupti', extra: 'cupti' },
};

/** Sonames that the loader cannot find for a shared library. */
export async function missingLibraries(library) {
  const answer = await exec('ldd', [library], { timeoutMs: 60_000 });
  return parseLdd(answer.stdout);
}

/** The sonames on ldd's "=> not found" lines. */
export function parseLdd(text) {
  return [...new Set([...text.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]))];
}

/** The pip requirement that brings a soname: 'libcupti.so.13' and torch's own requirements → 'nvidia-cuda-cupti==13.0.85'. */
export async function requirementFor(soname, torchRequirements, readToolkit) {
  const match = /^(lib[a-z]+\.so)\.(\d+)/.exec(soname);
  const known = match && PACKAGES[match[1]];
  if (!known) {
    throw new SetupError(
      `libtorch needs ${soname}, which is not on this machine.`,
      'install the package that holds it, or use a complete libtorch: `LIBTORCH=/path/to/libtorch npm run setup`.',
    );
  }
  const major = Number(match[2]);
  const name = major >= 13 ? known.name : `${known.name}-cu${major}`;
  const direct = torchRequirements.find((text) => text.startsWith(`${name}==`));
  if (direct) return cut(direct);
  const toolkit = torchRequirements.find((text) => text.startsWith('cuda-toolkit['));
  const version = toolkit && /==\s*([\d.]+)/.exec(toolkit)?.[1];
  if (version) {
    const pinned = (await readToolkit(version)).find(
      (text) => text.startsWith(`${name}==`) && text.includes(`extra == '${known.extra}'`),
    );
    if (pinned) return cut(pinned);
  }
  // A soname changes with the major version only, so any release of that major serves.
  return `${name}>=${major},<${major + 1}`;
}

/** Puts each missing soname into `libDir`, from NVIDIA's wheels. Returns { path: size } of what was written, paths starting with `base`. */
export async function fetchLibraries(sonames, libDir, torchRequirements, base = 'lib') {
  const downloads = join(libDir, '.wheels');
  mkdirSync(downloads, { recursive: true });
  const files = {};
  try {
    for (const soname of sonames) {
      const requirement = await requirementFor(soname, torchRequirements, (version) => readToolkit(version, downloads));
      say(`fetching ${requirement} for ${soname}`);
      const wheel = await downloadWheel(requirement, downloads);
      const pattern = `/lib/${soname.replaceAll('.', '\\.')}$`;
      const prefix = (
        await exec('python3', [
          '-c',
          `import re,sys,zipfile\nprint(next(n for n in zipfile.ZipFile(sys.argv[1]).namelist() if re.search(sys.argv[2], n)).rsplit('/',1)[0]+'/')`,
          wheel,
          pattern,
        ])
      ).stdout.trim();
      if (!prefix)
        throw new SetupError(
          `The wheel ${wheel} does not hold ${soname}.`,
          'use a complete libtorch: `LIBTORCH=/path/to/libtorch npm run setup`.',
        );
      await extractWheel(wheel, libDir, { prefix, pattern });
      files[`${base}/${soname}`] = statSync(join(libDir, soname)).size;
    }
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
  return files;
}

/** For a libtorch that is not ours to write into: the missing sonames in a cache folder of their own, named after them. */
export async function cachedLibraries(sonames, torchRequirements, root) {
  const folder = join(
    root,
    `cuda-${sonames
      .map((name) => name.replace(/^lib|\.so/g, ''))
      .sort()
      .join('-')}`,
  );
  await fillCache(folder, 60e6, async (temporary) => {
    const libDir = join(temporary, 'lib');
    return { files: await fetchLibraries(sonames, libDir, torchRequirements) };
  });
  return join(folder, 'lib');
}

async function readToolkit(version, downloads) {
  const wheel = await downloadWheel(`cuda-toolkit==${version}`, downloads);
  const target = join(downloads, 'toolkit');
  await extractWheel(wheel, target, {
    pattern: '\\.dist-info/METADATA$',
    prefix: `cuda_toolkit-${wheelVersion(wheel)}.dist-info/`,
  });
  const path = join(target, 'METADATA');
  return existsSync(path) ? requirementsOf(readFileSync(path, 'utf8')) : [];
}

function wheelVersion(path) {
  return path.split('/').at(-1).split('-')[1];
}

/** 'nvidia-cuda-cupti==13.0.85.*; platform…' → 'nvidia-cuda-cupti==13.0.85.*'. */
function cut(requirement) {
  return requirement.split(';')[0].trim();
}
