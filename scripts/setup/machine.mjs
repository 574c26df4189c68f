import { existsSync, readFileSync } from 'node:fs';
import { SetupError } from './errors.mjs';
import { compareVersions } from './version.mjs';

const MIN_NODE = '20.19.0';

/** What the checks look at, read from this machine. */
export function readMachine() {
  return {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    glibc: process.platform === 'linux' ? process.report.getReport().header.glibcVersionRuntime : undefined,
    cpuinfo: existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '',
  };
}

/** Throws a SetupError for a machine on which libtorch's wheels cannot run, before anything is downloaded. */
export function checkMachine(machine) {
  if (compareVersions(machine.node, MIN_NODE) < 0) {
    throw new SetupError(
      `Expected Node ${MIN_NODE} or newer but this is Node ${machine.node}.`,
      'install Node 20.19+ or 22+ from https://nodejs.org (with nvm: `nvm install 22`), then run this again.',
    );
  }
  if (machine.platform !== 'linux' || !['x64', 'arm64'].includes(machine.arch)) {
    throw new SetupError(
      `Expected Linux on x64 or arm64 but this is ${machine.platform} on ${machine.arch}.`,
      'run it in Linux: WSL 2 on Windows, or a container: `docker run -it -v "$PWD":/src -w /src node:22 make test`.',
    );
  }
  if (!machine.glibc) {
    throw new SetupError(
      "This Linux's C library is not glibc (Alpine uses musl), and libtorch's wheels need glibc 2.28 or newer.",
      'use a glibc image or distribution, such as `node:22` or `node:22-slim` (Debian) in place of `node:22-alpine`.',
    );
  }
  if (compareVersions(machine.glibc, '2.28') < 0) {
    throw new SetupError(
      `Expected glibc 2.28 or newer but this system has ${machine.glibc}.`,
      'use a newer distribution (Debian 10, Ubuntu 20.04, RHEL 8 or later), or a container of one.',
    );
  }
  const flags = /^flags\s*:.*$/m.exec(machine.cpuinfo)?.[0];
  if (machine.arch === 'x64' && flags && !/\bavx2\b/.test(flags)) {
    throw new SetupError(
      "This processor does not offer AVX2, which libtorch's matrix libraries need to run at a usable speed and without faults.",
      'use a machine (or a virtual machine type, e.g. `-cpu host` in QEMU) with AVX2: Intel Haswell, AMD Zen or later.',
    );
  }
}

/** Whether an NVIDIA driver is present, so that libtorch's CUDA libraries can be of use. */
export function hasNvidiaDriver(env = process.env, exists = existsSync) {
  if (env.MOTION_ENHANCER_CUDA === '0') return false;
  if (env.MOTION_ENHANCER_CUDA === '1') return true;
  return ['/dev/nvidiactl', '/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1'].some((path) =>
    exists(path),
  );
}
