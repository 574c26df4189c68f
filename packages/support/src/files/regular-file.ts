import { type Stats, statSync } from 'node:fs';

/**
 * Looks at what is to be read: reading a pipe waits for ever, and `/dev/zero` has no end.
 * @param refuse makes the error from what is wrong and what to do
 */
export function assertRegularFile(
  path: string,
  refuse: (problem: string, remedy: string, cause?: unknown) => Error,
): Stats {
  let entry: Stats;
  try {
    entry = statSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path))
      throw refuse('it is an address and nothing is fetched here', 'Download it and give its path.', cause);
    const problem = code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`;
    throw refuse(problem, 'Check the path and its permissions.', cause);
  }
  if (entry.isDirectory()) throw refuse('it is a directory', 'Give the path of one file in it.');
  if (!entry.isFile())
    throw refuse('it is not a regular file', 'Pipes and devices are not read: copy it into a file first.');
  return entry;
}
