import { fileURLToPath } from 'node:url';

/** The path that a `file://` URL names; any other text as it is. */
export function localPath(path: string): string {
  if (!/^file:\/\//i.test(path)) return path;
  try {
    return fileURLToPath(path);
  } catch {
    return path; // of another host, or with an encoded slash: no file of this machine
  }
}
