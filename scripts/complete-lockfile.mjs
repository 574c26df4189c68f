#!/usr/bin/env node
// Run after `npm install NAME` on a machine whose registry lacks some platforms: adds what npm left out of
// package-lock.json, so that `npm ci` works everywhere. Does nothing when nothing is missing.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completeLockfile, missingPlatformPackages } from './setup/complete-lockfile.mjs';

const path = join(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
const missing = missingPlatformPackages(lock);
if (missing.length > 0) writeFileSync(path, `${JSON.stringify(completeLockfile(lock), null, 2)}\n`);
for (const { name, version } of missing) console.log(`added ${name}@${version}`);
