#!/usr/bin/env node
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/main.js', import.meta.url);
if (existsSync(compiled)) {
  try {
    await import(compiled.href);
  } catch (error) {
    if (error?.code !== 'EMFILE') throw error;
    console.error(`error: ${error.message}. Too few files may be open: raise the limit (ulimit -n 1024).`);
    process.exitCode = 2;
  }
} else {
  console.error('error: MotionEnhancer is not compiled yet. Run `make setup build` in the project first.');
  process.exitCode = 2;
}
