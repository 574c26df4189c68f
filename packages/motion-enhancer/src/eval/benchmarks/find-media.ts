import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Looks for files by name in several folders, each of which is listed once. */
export class MediaFinder {
  readonly #folders: readonly string[];
  readonly #listed = new Map<string, ReadonlySet<string>>();

  /** @param folders below `root`, the first that has a file wins */
  constructor(root: string, folders: readonly string[]) {
    this.#folders = folders.map((folder) => join(root, folder)).filter((folder) => existsSync(folder));
  }

  /** The file's path; where it is in none of the folders, the path that it should have. */
  find(name: string, endings: readonly string[] = ['']): string {
    for (const folder of this.#folders) {
      for (const ending of endings) if (this.#has(folder, `${name}${ending}`)) return join(folder, `${name}${ending}`);
    }
    return join(this.#folders[0] ?? '.', `${name}${endings[0]}`);
  }

  #has(folder: string, name: string): boolean {
    if (name.includes('/')) return existsSync(join(folder, name));
    let names = this.#listed.get(folder);
    if (!names) {
      names = new Set(readdirSync(folder));
      this.#listed.set(folder, names);
    }
    return names.has(name);
  }
}
