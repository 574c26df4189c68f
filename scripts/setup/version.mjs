import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The oldest libtorch whose dispatcher and schemas the binding is tried against. */
export const MIN_TORCH = '2.9.0';
/** The wheel that is fetched when the machine has no libtorch. */
export const PINNED_TORCH = '2.13.0';

/** "2.13.0+cu130" → [2, 13, 0]; missing parts are 0. Returns undefined for text that is no version. */
export function parseVersion(text) {
  const match = /^\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text ?? '');
  return match ? [1, 2, 3].map((i) => Number(match[i] ?? 0)) : undefined;
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. Pre-release and local parts do not count. */
export function compareVersions(a, b) {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (!left || !right) throw new TypeError(`Expected two versions but received ${a} and ${b}.`);
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return left[i] - right[i];
  return 0;
}

/** The version a libtorch folder's headers state, with the local part ("+cu130") where version.py beside them has it; undefined when neither is there. */
export function readTorchVersion(libtorchDir) {
  const full =
    firstMatch(join(libtorchDir, 'version.py'), /__version__ = '([^']+)'/) ??
    firstMatch(join(libtorchDir, 'build-version'), /^(\S+)/);
  const headers = ['include/torch/headeronly/version.h', 'include/torch/csrc/api/include/torch/version.h'];
  for (const header of headers) {
    const path = join(libtorchDir, header);
    const [major, minor, patch] = ['MAJOR', 'MINOR', 'PATCH'].map((part) =>
      firstMatch(path, new RegExp(`#define TORCH_VERSION_${part} (\\d+)`)),
    );
    if (major === undefined) continue;
    const version = `${major}.${minor}.${patch}`;
    return full?.startsWith(version) ? full : version;
  }
  return full;
}

/** Requires-Dist lines of the distribution that a torch folder belongs to; empty when its metadata is not beside it. */
export function readRequirements(libtorchDir, version) {
  const candidates = [
    join(libtorchDir, 'METADATA'),
    join(dirname(libtorchDir), `torch-${version}.dist-info`, 'METADATA'),
    join(dirname(libtorchDir), `torch-${version.split('+')[0]}.dist-info`, 'METADATA'),
  ];
  const found = candidates.find((path) => existsSync(path));
  return found ? requirementsOf(readFileSync(found, 'utf8')) : [];
}

/** The texts after "Requires-Dist:" in a wheel's METADATA. */
export function requirementsOf(metadata) {
  return [...metadata.matchAll(/^Requires-Dist: (.+)$/gm)].map((match) => match[1].trim());
}

function firstMatch(path, pattern) {
  return existsSync(path) ? pattern.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
}
