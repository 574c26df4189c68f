import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../setup/errors.mjs';
import { exec } from '../setup/exec.mjs';
import { checkSize } from './make-bundle.mjs';
import { packFolder } from './pack.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), 'bundle test-'));
  t.after(async () => {
    await exec('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** A bundle whose "Node" is a shell script that prints what it is given. */
async function fakeBundle(folder) {
  const bundle = join(folder, 'bundle');
  const app = join(folder, 'app');
  for (const path of [bundle, join(app, 'packages/a/dist'), join(app, 'node_modules')])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(app, 'packages/a/dist/index.js'), 'a');
  symlinkSync('../packages/a', join(app, 'node_modules/a'));
  await packFolder(app, join(bundle, 'app.tar.xz'));
  writeFileSync(
    join(folder, 'node'),
    '#!/bin/sh\ncase $1 in */setup.mjs) [ -z "$FAKE_SETUP" ] || exit "$FAKE_SETUP"; exit 0;; esac\nfor a; do echo "[$a]"; done\n',
  );
  writeFileSync(join(folder, 'blob'), 'large');
  for (const [name, packed] of [
    ['node', 'node.xz'],
    ['blob', 'large-0.xz'],
  ]) {
    await exec('sh', ['-c', 'xz -c "$1" > "$2"', 'sh', join(folder, name), join(bundle, packed)]);
  }
  writeFileSync(join(bundle, 'large.txt'), 'large-0.xz packages/a/blob.node\n');
  writeFileSync(join(bundle, 'id'), '0123abcd\n');
  copyFileSync(join(root, 'scripts/bundle/run.sh'), join(bundle, 'run.sh'));
  chmodSync(join(bundle, 'run.sh'), 0o755);
  return bundle;
}

const run = (bundle, args, env = {}) => exec(join(bundle, 'run.sh'), args, { env: { PATH: process.env.PATH, ...env } });

test('run.sh unpacks once, out of a read-only folder, and passes arguments on as they are', async (t) => {
  const folder = temporary(t);
  const bundle = await fakeBundle(folder);
  await exec('chmod', ['-R', 'a-w', bundle]);
  const work = join(folder, 'the work');
  const first = await run(bundle, ['train', '--name', "a b'c", '$HOME'], { MOTION_ENHANCER_WORK: work });
  assert.equal(first.code, 0, first.stderr);
  const app = join(work, 'bundle-0123abcd/app');
  assert.deepEqual(first.stdout.trim().split('\n'), [
    `[${app}/packages/cli/bin/motion-enhancer.js]`,
    '[train]',
    '[--name]',
    "[a b'c]",
    '[$HOME]',
  ]);
  assert.match(first.stderr, /unpacking/);
  assert.ok(existsSync(join(app, 'node_modules/a/dist/index.js')), 'the workspace link leads to the package');
  assert.ok(existsSync(join(app, 'packages/a/blob.node')), 'the large file is in its place');
  const second = await run(bundle, ['--node', 'packages/a/dist/index.js', 'x'], { MOTION_ENHANCER_WORK: work });
  assert.equal(second.stdout, `[${app}/packages/a/dist/index.js]\n[x]\n`);
  assert.equal(second.stderr, '');
});

test("run.sh ends with set-up's exit code when that fails", async (t) => {
  const folder = temporary(t);
  const answer = await run(await fakeBundle(folder), ['doctor'], {
    MOTION_ENHANCER_WORK: join(folder, 'w'),
    FAKE_SETUP: '2',
  });
  assert.equal(answer.code, 2);
  assert.equal(answer.stdout, '');
});

test('run.sh chooses the cache folder, and the temporary folder when there is no home', async (t) => {
  const folder = temporary(t);
  const bundle = await fakeBundle(folder);
  await run(bundle, ['x'], { XDG_CACHE_HOME: join(folder, 'cache') });
  assert.ok(existsSync(join(folder, 'cache/motion-enhancer/bundle-0123abcd/node')));
  mkdirSync(join(folder, 'tmp'));
  await run(bundle, ['x'], { HOME: '/dev/null', TMPDIR: join(folder, 'tmp') });
  assert.ok(existsSync(join(folder, `tmp/motion-enhancer-${process.getuid()}/bundle-0123abcd/node`)));
});

test('a damaged bundle is named, and leaves nothing half unpacked', async (t) => {
  const folder = temporary(t);
  const bundle = await fakeBundle(folder);
  const work = join(folder, 'w');
  writeFileSync(join(bundle, 'large-0.xz'), 'not xz');
  const answer = await run(bundle, ['x'], { MOTION_ENHANCER_WORK: work });
  assert.equal(answer.code, 2);
  assert.match(answer.stderr, /cannot be unpacked[\s\S]*To mend it:/);
  assert.deepEqual(readdirSync(work), []);
  rmSync(join(bundle, 'id'));
  assert.equal((await run(bundle, ['x'], { MOTION_ENHANCER_WORK: work })).code, 2);
});

test('checkSize names the heaviest parts', (t) => {
  const folder = temporary(t);
  writeFileSync(join(folder, 'node.xz'), 'x'.repeat(50));
  writeFileSync(join(folder, 'large-0.xz'), 'x'.repeat(90));
  writeFileSync(join(folder, 'large.txt'), 'large-0.xz node_modules/video/av.node\n');
  checkSize(folder, 1000);
  assert.throws(
    () => checkSize(folder, 100),
    (error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /heaviest parts:\n\s+0\.0 MB {2}node_modules\/video\/av\.node/);
      return true;
    },
  );
});

// About a minute on two cores, nearly all of it g++: asked for by MOTION_ENHANCER_TEST_BUNDLE=1.
const slow =
  process.env.MOTION_ENHANCER_TEST_BUNDLE !== '1' && 'set MOTION_ENHANCER_TEST_BUNDLE=1 to run it (1 minute)';
test('a real bundle, copied elsewhere, compiles its binding and runs doctor', { skip: slow }, async (t) => {
  const folder = temporary(t);
  const made = await exec(process.execPath, [
    join(root, 'scripts/bundle.mjs'),
    '--without',
    'node-av',
    '--out',
    join(folder, 'bundle'),
  ]);
  assert.equal(made.code, 0, made.stderr);
  const answer = await run(join(folder, 'bundle'), ['doctor', '--json'], {
    ...process.env,
    MOTION_ENHANCER_WORK: join(folder, 'work'),
  });
  // The decoder was left out, so doctor finds that missing, and nothing else.
  assert.deepEqual(notOk(answer), ['video'], answer.stderr);
  assert.match(answer.stderr, /setup: ready/);
  const again = await run(join(folder, 'bundle'), ['doctor', '--json'], {
    ...process.env,
    MOTION_ENHANCER_WORK: join(folder, 'work'),
  });
  assert.deepEqual(notOk(again), ['video'], again.stderr);
  assert.doesNotMatch(again.stderr, /setup:/);
});

/** Names of what doctor found wanting. */
function notOk({ stdout }) {
  const { checks } = JSON.parse(stdout);
  return checks.filter((check) => check.required && check.state !== 'ok').map((check) => check.name);
}
