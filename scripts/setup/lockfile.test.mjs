import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, productionPackages } from './lockfile.mjs';
import { selectTests } from './select-tests.mjs';

const lock = {
  packages: {
    '': { workspaces: ['packages/a', 'packages/b'] },
    'packages/a': {
      version: '0.1.0',
      dependencies: { b: '0.1.0', video: '1', png: '1' },
      devDependencies: { tool: '1' },
    },
    'packages/b': { version: '0.1.0', dependencies: { png: '1' } },
    'node_modules/a': { resolved: 'packages/a', link: true },
    'node_modules/b': { resolved: 'packages/b', link: true },
    'node_modules/png': { version: '1.0.0', dependencies: { zip: '2' } },
    'node_modules/png/node_modules/zip': { version: '2.0.0' },
    'node_modules/zip': { version: '1.0.0' },
    'node_modules/video': {
      version: '1.0.0',
      dependencies: { zip: '1' },
      optionalDependencies: { 'video-linux': '1' },
    },
    'node_modules/video-linux': { version: '1.0.0', optional: true },
    'node_modules/tool': { version: '1.0.0', dev: true },
  },
};

test('productionPackages follows dependencies as Node resolves them, and leaves development tools out', () => {
  assert.deepEqual(productionPackages(lock), [
    'node_modules/png',
    'node_modules/png/node_modules/zip',
    'node_modules/video',
    'node_modules/video-linux',
    'node_modules/zip',
  ]);
});

test('a package left out takes along what only it needs', () => {
  assert.deepEqual(productionPackages(lock, ['video']), ['node_modules/png', 'node_modules/png/node_modules/zip']);
});

test('differences sees absent and other versions, but not absent optional packages', () => {
  const { '': _, ...packages } = structuredClone(lock.packages);
  delete packages['packages/a'];
  assert.deepEqual(differences(lock, { packages }), []);
  delete packages['node_modules/video-linux'];
  assert.deepEqual(differences(lock, { packages }), []);
  packages['node_modules/zip'].version = '1.0.1';
  delete packages['node_modules/tool'];
  delete packages['node_modules/b'];
  assert.deepEqual(differences(lock, { packages }), ['node_modules/b', 'node_modules/zip', 'node_modules/tool']);
});

test('selectTests passes over built tests whose source is gone, and narrows by path', () => {
  const files = [
    'packages/a/dist/x.test.js',
    'packages/a/dist/gone.test.js',
    'packages/a/dist/x.js',
    'packages/a/src/x.test.ts',
    'packages/b/dist/deep/y.test.js',
    'packages/b/src/deep/y.test.ts',
    'scripts/setup/z.test.mjs',
  ];
  assert.deepEqual(selectTests(files), [
    'packages/a/dist/x.test.js',
    'packages/b/dist/deep/y.test.js',
    'scripts/setup/z.test.mjs',
  ]);
  assert.deepEqual(selectTests(files, ['b/src/deep']), ['packages/b/dist/deep/y.test.js']);
});
