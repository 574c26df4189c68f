#!/usr/bin/env node
// npm run build: compiles the packages, and removes what was compiled of sources that are gone.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeStaleOutputs } from './setup/stale-outputs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
removeStaleOutputs(root);
const build = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-b'], { cwd: root, stdio: 'inherit' });
process.exitCode = build.status ?? 1;
