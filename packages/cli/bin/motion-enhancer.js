#!/usr/bin/env node
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/main.js', import.meta.url);
if (existsSync(compiled)) {
  await import(compiled.href);
} else {
  console.error('error: MotionEnhancer is not compiled yet. Run `make setup build` in the project first.');
  process.exitCode = 2;
}
