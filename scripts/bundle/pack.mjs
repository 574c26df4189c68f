import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../setup/cache.mjs';
import { SetupError } from '../setup/errors.mjs';
import { exec } from '../setup/exec.mjs';

// The x86 filter and a dictionary as large as the file make a program about 8 % smaller than `xz -9`.
const FILTERS = ['--lzma2=preset=9e,dict=128MiB'];

/**
 * Compresses one large file to `target` with xz. It takes a minute for 100 MB, so the result is kept in the cache under
 * the hash of the file.
 */
export async function packFile(source, target) {
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 20);
  const folder = join(cacheRoot(), 'packed');
  const cached = join(folder, `${hash}.xz`);
  if (!existsSync(cached)) {
    mkdirSync(folder, { recursive: true });
    const filters = process.arch === 'x64' ? ['--x86', ...FILTERS] : FILTERS;
    await xz(source, `${cached}.part-${process.pid}`, filters);
    renameSync(`${cached}.part-${process.pid}`, cached);
  }
  copyFileSync(cached, target);
}

/** Packs a folder's content, symbolic links as links, to a reproducible `target` (.tar.xz). */
export async function packFolder(folder, target) {
  const tarball = `${target}.tar`;
  const answer = await exec('tar', [
    '-C',
    folder,
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--mtime=@0',
    '-cf',
    tarball,
    '.',
  ]);
  if (answer.code !== 0)
    throw new SetupError(`tar failed: ${answer.stderr.trim()}`, 'install GNU tar: `apt-get install tar`.');
  await xz(tarball, target, ['-6']);
  rmSync(tarball);
}

async function xz(source, target, filters) {
  const answer = await exec('sh', [
    '-c',
    'target=$1; source=$2; shift 2; exec xz -T1 -k -c "$@" "$source" > "$target"',
    'sh',
    target,
    source,
    ...filters,
  ]);
  if (answer.code === 0) return;
  rmSync(target, { force: true });
  throw new SetupError(
    `xz failed: ${answer.stderr.trim()}`,
    '`apt-get install xz-utils`, and look whether the disk is full.',
  );
}
