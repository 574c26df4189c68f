#!/usr/bin/env node
// Runs `npm ci --ignore-scripts` only when node_modules is not what package-lock.json says. Contents are compared, not
// times: git and npm write both files in an order that says nothing about whether they agree.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain, SetupError } from './setup/errors.mjs';
import { differences } from './setup/lockfile.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await runMain('install', () => {
  const installedPath = join(root, 'node_modules/.package-lock.json');
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const installed = existsSync(installedPath) ? JSON.parse(readFileSync(installedPath, 'utf8')) : { packages: {} };
  if (differences(wanted, installed).length === 0) return;
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  throw new SetupError(
    error ? `npm cannot be run: ${error.message}.` : 'npm could not install the packages that package-lock.json names.',
    error
      ? 'install npm: it comes with Node from https://nodejs.org.'
      : "see npm's message above; without a network, copy node_modules from another checkout, or use the bundle (`npm run bundle`).",
  );
});
