import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './errors.mjs';
import { exec } from './exec.mjs';

/** What to do instead of a download: named in every error of the wheel path. */
export const WITHOUT_DOWNLOAD =
  'or use a libtorch that is already there: `LIBTORCH=/path/to/libtorch npm run setup` (a folder with include/ and lib/), or a python3 with torch >= 2.9 first on PATH.';

/** Throws a SetupError when there is no python3 with pip; both are needed only to fetch wheels. */
export async function checkPip(run = exec) {
  const answer = await run('python3', ['-m', 'pip', '--version'], { timeoutMs: 60_000 });
  if (answer.code === 0) return;
  const what = answer.missing ? 'python3' : "python3's pip";
  throw new SetupError(
    `libtorch is not on this machine, and ${what}, which would fetch it, is not installed.`,
    `\`apt-get install ${answer.missing ? 'python3 python3-pip' : 'python3-pip'}\` (Debian, Ubuntu; elsewhere your distribution's package of that name),\n${WITHOUT_DOWNLOAD}`,
  );
}

/**
 * Downloads one wheel into `folder` and returns its path. First for the running Python; where PyPI has none for that
 * version, the one for Python 3.12, since only C++ headers and libraries are taken from it.
 */
export async function downloadWheel(requirement, folder, run = exec) {
  const base = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--no-cache-dir',
    '--progress-bar=off',
    '-d',
    folder,
  ];
  // pip downloads into TMPDIR first, and /tmp is often a small memory disk.
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const env = { ...process.env, TMPDIR: temporary, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const options = { env, timeoutMs: 60 * 60_000 };
  let answer = await run('python3', [...base, requirement], options);
  if (answer.code !== 0 && ['no-match', 'nothing'].includes(classifyPipFailure(answer.stderr))) {
    const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
    const platforms = ['2_28', '2_27', '2_24', '2_17', '2014'].flatMap((tag) => [
      '--platform',
      tag === '2014' ? `manylinux2014_${machine}` : `manylinux_${tag}_${machine}`,
    ]);
    answer = await run(
      'python3',
      [...base, '--python-version=3.12', '--implementation=cp', ...platforms, requirement],
      options,
    );
  }
  if (answer.code !== 0) throw pipError(requirement, answer.stderr);
  const name = requirement.split(/[=<>~]/)[0].replaceAll('-', '_');
  const wheel = readdirSync(folder).find((file) => file.endsWith('.whl') && file.toLowerCase().startsWith(`${name}-`));
  if (!wheel)
    throw new SetupError(
      `pip reported success for ${requirement} but left no wheel.`,
      `check \`python3 -m pip config list\`, ${WITHOUT_DOWNLOAD}`,
    );
  return join(folder, wheel);
}

/** Sorts pip's stderr into 'network', 'nothing' (offered at all), 'no-match', 'disk' or 'other'. */
export function classifyPipFailure(stderr) {
  if (/No space left on device|Errno 28/.test(stderr)) return 'disk';
  // A failed connection also ends in "No matching distribution", so it is looked for first.
  if (
    /NewConnectionError|Name or service not known|name resolution|ConnectionError|Network is unreachable|ProxyError|ReadTimeout|ConnectTimeout|SSLError|Connection broken|IncompleteRead/i.test(
      stderr,
    )
  ) {
    return 'network';
  }
  // An index that was not reached has no versions; so has one that never heard of the package.
  if (/\(from versions: none\)/.test(stderr)) return 'nothing';
  return /No matching distribution found|Could not find a version/.test(stderr) ? 'no-match' : 'other';
}

/** The SetupError that fits pip's stderr. */
export function pipError(requirement, stderr) {
  const last =
    stderr
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('ERROR'))
      .at(-1) ?? stderr.trim().split('\n').at(-1);
  switch (classifyPipFailure(stderr)) {
    case 'network':
      return new SetupError(
        `libtorch is not on this machine, and pip cannot reach its package index to fetch ${requirement}.`,
        `connect to the network (behind a proxy: set HTTPS_PROXY; with a mirror: \`pip config set global.index-url URL\`),\n${WITHOUT_DOWNLOAD}`,
      );
    case 'nothing':
      return new SetupError(
        `libtorch is not on this machine, and pip finds no wheel of ${requirement}: its package index is out of reach, or does not offer it for this machine (${process.platform} ${process.arch}).`,
        `connect to the network, or name an index that has it: \`pip config set global.index-url URL\`,\n${WITHOUT_DOWNLOAD}`,
      );
    case 'no-match':
      return new SetupError(
        `The package index offers no wheel of ${requirement} for this machine (${process.platform} ${process.arch}).`,
        `\`python3 -m pip install --upgrade pip\` if pip is older than 20.3, ${WITHOUT_DOWNLOAD}`,
      );
    case 'disk':
      return new SetupError(
        `The disk is full while downloading ${requirement}.`,
        'free some space, or point the cache to a larger disk: `XDG_CACHE_HOME=/large/disk npm run setup`.',
      );
    default:
      return new SetupError(
        `pip could not download ${requirement}: ${last || 'it gave no reason'}`,
        `see what it says in full: \`python3 -m pip download --no-deps ${requirement}\`,\n${WITHOUT_DOWNLOAD}`,
      );
  }
}
