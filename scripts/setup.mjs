#!/usr/bin/env node
// npm run setup: finds or fetches libtorch and compiles native/ against it. See docs/setup.md.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain } from './setup/errors.mjs';
import { setup } from './setup/setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await runMain('setup', () => setup({ root, quiet: process.argv.includes('--quiet') }));
