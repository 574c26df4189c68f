import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** SHA-256 of parts, each with its length before it, so that moving text between parts changes the hash. */
export function hashParts(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** The key of one object file: the contents of the files it is made from, and the whole command. Undefined when a file is gone. */
export function objectKey(files, command) {
  try {
    return hashParts([...command, ...files.flatMap((file) => [file, readFileSync(file, 'utf8')])]);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The project's own files in a compiler's dependency file (-MMD). libtorch's headers are covered by its version and place, which stand in the command; what lies in `buildDir` is made, not written. */
export function parseDependencies(text, root, buildDir = '') {
  const paths = text
    .replace(/^[^:]*:/, '')
    .replaceAll('\\\n', ' ')
    .replaceAll('\\ ', '\0')
    .split(/\s+/)
    .map((path) => path.replaceAll('\0', ' '))
    .filter(Boolean);
  return [
    ...new Set(paths.filter((path) => path.startsWith(`${root}/`) && !(buildDir && path.startsWith(`${buildDir}/`)))),
  ];
}
