import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../setup/errors.mjs';
import { exec } from '../setup/exec.mjs';
import { folderBytes, megabytes, secondsSince } from '../setup/progress.mjs';
import { packFile, packFolder } from './pack.mjs';
import { stageApp } from './stage-app.mjs';

/** What a bundle may weigh in all, bytes: machines that take a folder along often stop at 64 MB. */
const LIMIT = 60e6;
/** Parts of node-av that reading a file never loads: its WebRTC stack (16 packages), and what its install script unpacks with. */
const NOT_LOADED = ['werift', 'unzipper'];
/** Files from this size on are packed one by one, so that the slow compression is kept between bundles. */
const LARGE = 8e6;

/**
 * Writes a bundle to `out`: run.sh, Node, and the compiled project. Fails, and leaves no bundle, when it weighs more than 60 MB.
 *
 * @param {{ root: string, out: string, without: string[], extra: string[], tests: boolean }} options
 */
export async function makeBundle({ root, out, without, extra, tests }) {
  const start = performance.now();
  refuseForeign(out);
  const work = mkdtempSync(join(tmpdir(), 'motion-enhancer-bundle-'));
  const building = `${out}.part-${process.pid}`;
  try {
    const stage = join(work, 'app');
    mkdirSync(stage);
    mkdirSync(building, { recursive: true });
    stageApp({ root, stage, without, notLoaded: NOT_LOADED, extra, tests });
    const large = await moveLargeFiles(stage, building);
    log(`packing Node ${process.versions.node} (a minute the first time)`);
    await packNode(work, building);
    await packFolder(stage, join(building, 'app.tar.xz'));
    writeFileSync(join(building, 'large.txt'), large.map(({ packed, path }) => `${packed} ${path}\n`).join(''));
    const runner = join(dirname(fileURLToPath(import.meta.url)), 'run.sh');
    copyFileSync(runner, join(building, 'run.sh'));
    chmodSync(join(building, 'run.sh'), 0o755);
    writeFileSync(join(building, 'id'), `${bundleId(building)}\n`);
    checkSize(building);
    rmSync(out, { recursive: true, force: true });
    renameSync(building, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(building, { recursive: true, force: true });
  }
  for (const name of readdirSync(out)) log(`  ${name}: ${megabytes(statSync(join(out, name)).size)}`);
  log(`${out}: ${megabytes(folderBytes(out))} in ${secondsSince(start)}. Try it: ${join(out, 'run.sh')} doctor`);
}

/** An earlier bundle is replaced; what else lies in its place is somebody's own. */
function refuseForeign(out) {
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  if (['run.sh', 'id', 'app.tar.xz'].every((name) => existsSync(join(out, name)))) return;
  throw new SetupError(
    `${out} holds files that are no bundle.`,
    'give a new folder: `npm run bundle -- --out FOLDER`.',
  );
}

/** Node without its symbol tables: 12 % smaller, and it loads addons as before, since the dynamic symbols stay. */
async function packNode(work, building) {
  const source = realpathSync(process.execPath);
  const stripped = join(work, 'node');
  const answer = await exec('strip', ['-o', stripped, source]);
  await packFile(answer.code === 0 ? stripped : source, join(building, 'node.xz'));
  const licences = [join(dirname(dirname(source)), 'LICENSE'), '/usr/share/doc/nodejs/LICENSE'];
  const licence = licences.find((path) => existsSync(path));
  if (licence) copyFileSync(licence, join(building, 'node-LICENSE'));
}

async function moveLargeFiles(stage, building) {
  const large = [];
  for (const entry of readdirSync(stage, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || statSync(path).size < LARGE) continue;
    const packed = `large-${large.length}.xz`;
    log(`packing ${relative(stage, path)} (${megabytes(statSync(path).size)}; minutes the first time)`);
    await packFile(path, join(building, packed));
    rmSync(path);
    large.push({ packed, path: relative(stage, path) });
  }
  return large;
}

/** Throws a SetupError that names the heaviest parts when a bundle weighs more than it may. */
export function checkSize(folder, limit = LIMIT) {
  const total = folderBytes(folder);
  if (total <= limit) return;
  const list = existsSync(join(folder, 'large.txt')) ? readFileSync(join(folder, 'large.txt'), 'utf8') : '';
  const names = Object.fromEntries(
    list
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
  const parts = readdirSync(folder)
    .map((name) => ({ name: names[name] ?? name, bytes: statSync(join(folder, name)).size }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 4)
    .map(({ name, bytes }) => `  ${megabytes(bytes)}  ${name}`);
  throw new SetupError(
    `The bundle weighs ${megabytes(total)}, more than ${megabytes(limit)}. Its heaviest parts:\n${parts.join('\n')}`,
    'leave an npm package out: `npm run bundle -- --without node-av` (then video files cannot be read, folders of images can).',
  );
}

/** Names the bundle by its content, so that two of them never share an unpacked folder. */
function bundleId(folder) {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

function log(text) {
  process.stderr.write(`bundle: ${text}\n`);
}
