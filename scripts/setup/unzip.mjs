import { SetupError } from './errors.mjs';
import { exec } from './exec.mjs';

// zipfile checks each member's CRC as it reads it, so a torn download cannot pass. Names are matched by regular expression.
const EXTRACT = `
import os, re, shutil, sys, zipfile
wheel, target, prefix, pattern = sys.argv[1:5]
keep = re.compile(pattern)
count = 0
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        name = member.filename
        if member.is_dir() or not keep.search(name) or not name.startswith(prefix): continue
        path = os.path.normpath(os.path.join(target, name[len(prefix):]))
        if not path.startswith(os.path.abspath(target) + os.sep): sys.exit('unsafe member name ' + name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path, 'wb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        mode = member.external_attr >> 16
        if mode: os.chmod(path, mode & 0o777 | 0o600)
        count += 1
print(count)
`;

/** Extracts the members of a wheel whose names match `pattern` (Python regular expression), with `prefix` cut off. Returns how many. */
export async function extractWheel(wheel, target, { prefix = '', pattern }) {
  const answer = await exec('python3', ['-c', EXTRACT, wheel, target, prefix, pattern], { timeoutMs: 30 * 60_000 });
  if (answer.code !== 0) {
    const reason = answer.stderr.trim().split('\n').at(-1);
    if (/Errno 28/.test(reason)) throw Object.assign(new Error(reason), { code: 'ENOSPC' });
    throw new SetupError(
      `The wheel ${wheel} cannot be unpacked: ${reason}`,
      'run `npm run setup` again: it is downloaded afresh.',
    );
  }
  return Number(answer.stdout.trim());
}
