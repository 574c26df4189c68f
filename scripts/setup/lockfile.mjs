/**
 * What separates an installed tree from the lock file: the paths of packages that are absent, or of another version.
 * Optional packages (those for other platforms) may be absent.
 *
 * @param {{ packages: Record<string, { version?: string, link?: boolean, optional?: boolean, devOptional?: boolean }> }} wanted package-lock.json
 * @param {{ packages: Record<string, { version?: string, link?: boolean }> }} installed node_modules/.package-lock.json
 */
export function differences(wanted, installed) {
  return Object.entries(wanted.packages)
    .filter(([path]) => path.includes('node_modules/'))
    .filter(([path, entry]) => {
      const there = installed.packages[path];
      if (!there) return !entry.optional && !entry.devOptional;
      return !entry.link && there.version !== entry.version;
    })
    .map(([path]) => path);
}

/**
 * Paths (keys of package-lock.json) of every package that the workspaces need at run time, as Node would find them.
 * A package in `without` is left out, with what only it needs.
 */
export function productionPackages(lock, without = []) {
  const workspaces = Object.keys(lock.packages).filter((path) => path !== '' && !path.includes('node_modules/'));
  const found = new Set();
  const queue = workspaces.map((path) => [path, lock.packages[path]]);
  while (queue.length > 0) {
    const [path, entry] = queue.shift();
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      if (without.includes(name)) continue;
      const target = locate(lock, path, name);
      if (!target || lock.packages[target].link || found.has(target)) continue;
      found.add(target);
      queue.push([target, lock.packages[target]]);
    }
  }
  return [...found].sort();
}

/** Node's look-up: node_modules beside the package, then beside each folder above it. */
function locate(lock, from, name) {
  let folder = from;
  for (;;) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[path]) return path;
    if (folder === '') return undefined;
    const parent = folder.lastIndexOf('/');
    folder = parent < 0 ? '' : folder.slice(0, parent);
  }
}
