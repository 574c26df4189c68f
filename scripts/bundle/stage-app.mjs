import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { SetupError } from '../setup/errors.mjs';
import { productionPackages } from '../setup/lockfile.mjs';
import { staleOutputs } from '../setup/stale-outputs.mjs';

/**
 * Copies what runs into `stage`, in the repository's own layout: compiled packages, native sources, set-up scripts, and
 * the npm packages needed at run time. Workspaces are relative links, which travel inside the archive.
 *
 * @param {{ root: string, stage: string, without: string[], notLoaded: string[], extra: string[], tests: boolean }} options
 */
export function stageApp({ root, stage, without, notLoaded, extra, tests }) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const names = Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13));
  for (const name of without) {
    if (!names.includes(name))
      throw new SetupError(
        `--without names ${name}, which is no npm package of this project.`,
        'name one of package-lock.json, such as `--without node-av`.',
      );
  }
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify({ private: true, type: 'module' })}\n`);
  copy(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  const stale = new Set(staleOutputs(root));
  for (const path of Object.keys(lock.packages).filter((path) => path !== '' && !path.includes('node_modules/'))) {
    stageWorkspace(root, stage, path, (file) => !stale.has(file) && (tests || !/\.test\.js$/.test(file)));
  }
  for (const name of readdirSync(join(root, 'native')).filter((name) => /\.(cc|h|cu|cpp)$/.test(name))) {
    copy(join(root, 'native', name), join(stage, 'native', name));
  }
  copy(join(root, 'native/gloo-stubs'), join(stage, 'native/gloo-stubs'));
  copy(join(root, 'scripts/setup.mjs'), join(stage, 'scripts/setup.mjs'));
  copy(join(root, 'scripts/setup'), join(stage, 'scripts/setup'), (path) => !path.endsWith('.test.mjs'));
  for (const path of productionPackages(lock, [...without, ...notLoaded])) {
    const source = join(root, path);
    if (existsSync(source)) copy(source, join(stage, path), isNeededAtRunTime);
    else if (!lock.packages[path].optional)
      throw new SetupError(`${path} is not installed.`, '`npm ci --ignore-scripts`, then bundle again.');
  }
  for (const path of tests ? ['test', ...extra] : extra) {
    if (!existsSync(join(root, path)))
      throw new SetupError(
        `--with names ${path}, which is not in the repository.`,
        'name a path relative to its root.',
      );
    copy(join(root, path), join(stage, path));
  }
}

/** @param wanted which of the compiled files */
function stageWorkspace(root, stage, path, wanted) {
  const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  copy(join(root, path, 'package.json'), join(stage, path, 'package.json'));
  for (const item of (manifest.files ?? ['dist']).filter((name) => name !== 'src')) {
    const source = join(root, path, item);
    if (!existsSync(source))
      throw new SetupError(`${path}/${item} is not there.`, '`npm run build`, then bundle again.');
    copy(source, join(stage, path, item), (file) => !/\.(map|d\.ts|tsbuildinfo)$/.test(file) && wanted(file));
  }
  const link = join(stage, 'node_modules', manifest.name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(relative(dirname(link), join(stage, path)), link);
}

/** Leaves out what only compilers, editors and readers use; licences stay. */
function isNeededAtRunTime(path) {
  if (basename(path) === 'node_modules' && dirname(path).includes('node_modules')) return false;
  return (
    lstatSync(path).isDirectory() ||
    /licen[cs]e|notice|copying/i.test(basename(path)) ||
    !/\.(map|d\.[cm]?ts|md|markdown)$/i.test(path)
  );
}

function copy(source, target, filter = () => true) {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true, filter: (path) => filter(path), verbatimSymlinks: true });
}
