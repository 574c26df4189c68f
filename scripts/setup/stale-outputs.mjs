import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What tsc once wrote into packages/*\/dist and whose source is gone (tsc does not remove it), as absolute paths. Files that
 * tsc did not make are never among them, nor is anything where there are no sources, as in a bundle.
 */
export function staleOutputs(root) {
  const packages = join(root, 'packages');
  return readdirSync(packages).flatMap((name) => {
    const [src, dist] = [join(packages, name, 'src'), join(packages, name, 'dist')];
    if (!existsSync(src) || !existsSync(dist)) return [];
    return readdirSync(dist, { recursive: true })
      .map(String)
      .filter((path) => {
        const stem = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(path)?.[1];
        return stem !== undefined && !existsSync(join(src, `${stem}.ts`)) && madeByTsc(join(dist, path));
      })
      .map((path) => join(dist, path));
  });
}

/** Outputs name their map in the last line; a map names its output. */
function madeByTsc(path) {
  const text = readFileSync(path, 'utf8');
  const name = basename(path);
  if (name.endsWith('.map')) return text.startsWith(`{"version":3,"file":"${name.slice(0, -'.map'.length)}"`);
  return text.trimEnd().endsWith(`//# sourceMappingURL=${name}.map`);
}

export function removeStaleOutputs(root) {
  for (const path of staleOutputs(root)) rmSync(path);
}
