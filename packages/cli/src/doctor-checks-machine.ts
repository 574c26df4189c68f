import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, homedir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { DoctorCheck } from './doctor-checks.js';
import { bytesText } from './progress-text.js';

const MIN_NODE = [20, 19] as const;
/** A prior of the paper's size is about 1 MB; a checkpoint of the small VLM 6 GB. */
const LOW_DISK_BYTES = 2 * 2 ** 30;

export function checkNode(version = process.versions.node): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return {
    name: 'node',
    required: true,
    state: ok ? 'ok' : 'broken',
    detail: `Node ${version} on ${process.platform} ${process.arch}`,
    ...(ok
      ? {}
      : { remedy: `install Node ${MIN_NODE.join('.')} or newer: https://nodejs.org (with nvm: nvm install 22)` }),
  };
}

export function checkCpu(cpuinfo = readIfThere('/proc/cpuinfo'), arch: string = process.arch): DoctorCheck {
  const model = cpus()[0]?.model.trim() || 'unknown model';
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1];
  const avx2 = flags === undefined ? null : /\bavx2\b/.test(flags);
  const ok = arch !== 'x64' || avx2 !== false;
  const note = arch !== 'x64' || avx2 === null ? '' : avx2 ? ', AVX2' : ', no AVX2';
  return {
    name: 'cpu',
    required: true,
    state: ok ? 'ok' : 'missing',
    detail: `${model}, ${availableParallelism()} cores usable${note}`,
    ...(ok ? {} : { remedy: 'use a processor (or a virtual machine type, in QEMU -cpu host) with AVX2' }),
  };
}

export function checkMemory(): DoctorCheck {
  // Zero, or more than the machine has, means that no limit is set.
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  return {
    name: 'memory',
    required: false,
    state: 'ok',
    detail: `${bytesText(total)} in all, ${bytesText(process.availableMemory())} available`,
  };
}

/** Free space where results go, and where libtorch is kept. */
export function checkDisk(cwd = process.cwd(), env: NodeJS.ProcessEnv = process.env): DoctorCheck[] {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'motion-enhancer');
  return [['disk', cwd] as const, ['cache', cache] as const].map(([name, folder]) => {
    const free = freeBytes(folder);
    const low = free !== null && free < LOW_DISK_BYTES;
    return {
      name,
      required: false,
      state: low ? ('missing' as const) : ('ok' as const),
      detail: `${folder}: ${free === null ? 'free space is unknown' : `${bytesText(free)} free`}`,
      ...(low ? { remedy: `free at least ${bytesText(LOW_DISK_BYTES)} on that disk` } : {}),
    };
  });
}

/** Bytes free on the disk of a folder, or of the nearest folder above it that exists. */
function freeBytes(folder: string): number | null {
  let at = resolve(folder);
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  try {
    const { bavail, bsize } = statfsSync(at);
    return bavail * bsize;
  } catch {
    return null;
  }
}

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
