#!/usr/bin/env node
// npm test [-- PATH… --node-test-options]: builds, then runs every test file, or those whose source path holds a PATH.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain, SetupError } from './setup/errors.mjs';
import { listFiles, selectTests } from './setup/select-tests.mjs';
import { setup } from './setup/setup.mjs';
import { removeStaleOutputs } from './setup/stale-outputs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await runMain('test', async () => {
  const tsc = join(root, 'node_modules/.bin/tsc');
  if (!existsSync(tsc))
    throw new SetupError(
      'The npm packages are not installed.',
      '`npm ci --ignore-scripts`, or `make test`, which does it all.',
    );
  if (!existsSync(join(root, 'native/build/libtorch_node.node'))) await setup({ root });
  removeStaleOutputs(root);
  const build = spawnSync(tsc, ['-b'], { cwd: root, stdio: 'inherit' });
  if (build.status !== 0) {
    process.exitCode = build.status ?? 1;
    return;
  }
  const args = process.argv.slice(2);
  const options = args.filter((arg) => arg.startsWith('-'));
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  const files = selectTests(listFiles(root), wanted);
  if (files.length === 0)
    throw new SetupError(
      `No test file's path holds ${wanted.join(' or ')}.`,
      'name a part of a path, such as `npm test -- packages/libtorch/src/tensor`.',
    );
  const cores = availableParallelism();
  const run = spawnSync(process.execPath, ['--test', `--test-concurrency=${cores}`, ...options, ...files], {
    cwd: root,
    stdio: 'inherit',
    // Each file is a process of its own: one libtorch thread each, or the cores are asked for twice.
    env: { OMP_NUM_THREADS: '1', ...process.env },
  });
  process.exitCode = run.status ?? 1;
});
