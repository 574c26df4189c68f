/** A repository on a Hugging Face-compatible endpoint, at a branch, tag or commit. */
export interface RepositoryName {
  /** `org/name` */
  id: string;
  /** `main` where none is given. */
  revision: string;
}

const NAME = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w./-]*))?$/;

/** Reads `org/name` or `org/name@revision`; null for anything else, such as a path with more or fewer slashes. */
export function parseRepositoryName(text: string): RepositoryName | null {
  const [, id, revision = 'main'] = NAME.exec(text) ?? [];
  // Both become parts of paths in the cache.
  if (id === undefined || /\.\.|--|\/\/|\/$/.test(id) || /\.\.|\/\/|\/$/.test(revision)) return null;
  return { id, revision };
}

/** A whole commit hash, which always means the same files. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
