import { randomBytes } from 'node:crypto';
import { copyFile, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeError } from './hub-error.js';
import { makeCacheFolder } from './make-cache-folder.js';
import { isEtag, isInside, isSize, type Listing, type RemoteFile } from './remote-file.js';
import { isCommit } from './repository-name.js';
import { verifyKnown } from './verify-file.js';

/**
 * The folder of one repository in huggingface_hub's cache:
 * `models--org--name/{blobs/ETAG, refs/REVISION, snapshots/COMMIT/PATH → ../../blobs/ETAG, trees/COMMIT.json}`.
 * Readers may look at any time: every file appears whole or not at all.
 */
export class RepositoryCache {
  readonly dir: string;
  private readonly locks: string;

  constructor(cache: string, id: string) {
    const folder = `models--${id.replace('/', '--')}`;
    this.dir = join(cache, folder);
    this.locks = join(cache, '.locks', folder);
  }

  snapshot(commit: string): string {
    return join(this.dir, 'snapshots', commit);
  }

  blob(etag: string): string {
    return join(this.dir, 'blobs', etag);
  }

  /** Where bytes gather. Python's names for it are different: two tools never write into one file. */
  partial(etag: string): string {
    return `${this.blob(etag)}.motion-enhancer.incomplete`;
  }

  /** Beside the locks of Python, which are of another kind (flock). */
  lock(etag: string): string {
    return join(this.locks, `${etag}.motion-enhancer.lock`);
  }

  /** The commit that a revision was when it was last looked up, or null. */
  async commitOf(revision: string): Promise<string | null> {
    if (isCommit(revision)) return revision;
    const text = await readFile(join(this.dir, 'refs', revision), 'utf8').catch(() => '');
    return isCommit(text.trim()) ? text.trim() : null;
  }

  /** The commit of the only snapshot there is, or null: a cache that was copied may have come without its refs. */
  async onlyCommit(): Promise<string | null> {
    const names = await readdir(join(this.dir, 'snapshots')).catch(() => []);
    return names.length === 1 && isCommit(names[0]!) ? names[0]! : null;
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    if (!isCommit(revision) && (await this.commitOf(revision)) !== commit)
      await replaceFile(join(this.dir, 'refs', revision), commit);
  }

  /** What an earlier look-up listed at a commit, by this tool or Python's; null where nothing (readable) is kept. */
  async readTree(commit: string): Promise<Listing | null> {
    try {
      const tree = JSON.parse(await readFile(join(this.dir, 'trees', `${commit}.json`), 'utf8'));
      if (tree.format_version !== 1) return null;
      const known = new Map<string, RemoteFile>();
      for (const [path, entry] of Object.entries<Record<string, unknown>>(tree.files)) {
        const etag = entry.lfs_sha256 ?? entry.blob_id;
        const size = entry.lfs_size ?? entry.size;
        if (!isInside(path) || !isEtag(etag) || !isSize(size)) return null;
        known.set(path, { path, size, etag });
      }
      return { commit, paths: [...known.keys()], known };
    } catch {
      return null;
    }
  }

  /** Keeps a listing that describes all of its files: with it a later run knows, without the endpoint, what it needs. */
  async writeTree({ commit, paths, known }: Listing): Promise<void> {
    if (paths.some((path) => !known.get(path)?.gitHash) || (await this.readTree(commit))) return;
    const files = Object.fromEntries(
      paths.toSorted().map((path) => {
        const { size, etag, gitHash } = known.get(path)!;
        return [path, { size, blob_id: gitHash, ...(etag === gitHash ? {} : { lfs_sha256: etag, lfs_size: size }) }];
      }),
    );
    await replaceFile(join(this.dir, 'trees', `${commit}.json`), JSON.stringify({ format_version: 1, files }, null, 1));
  }

  /** Whether a file is in the snapshot, with the right bytes. */
  async hasFile(commit: string, file: RemoteFile): Promise<boolean> {
    return isSound(join(this.snapshot(commit), file.path), file);
  }

  async hasBlob(file: RemoteFile): Promise<boolean> {
    return isSound(this.blob(file.etag), file);
  }

  /** Puts a blob into a snapshot, as a relative link; as a copy where the file system has no links. */
  async link(commit: string, file: RemoteFile): Promise<void> {
    const path = join(this.snapshot(commit), file.path);
    makeCacheFolder(dirname(path));
    const aside = temporary(path);
    try {
      await symlink(relative(dirname(path), this.blob(file.etag)), aside).catch((error) => {
        if (!['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'].includes(error.code)) throw error;
        return copyFile(this.blob(file.etag), aside);
      });
      await rename(aside, path);
    } catch (error) {
      await rm(aside, { force: true });
      throw writeError(path, error);
    }
  }
}

async function isSound(path: string, file: RemoteFile): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true || (file.size !== null && found.size !== file.size)) return false;
  // What cannot be read here is reported where it is used.
  return (await verifyKnown(path, file).catch(() => null)) === null;
}

async function replaceFile(path: string, text: string): Promise<void> {
  makeCacheFolder(dirname(path));
  const aside = temporary(path);
  try {
    await writeFile(aside, text);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw writeError(path, error);
  }
}

function temporary(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}.tmp`;
}
