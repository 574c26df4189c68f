import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./shim.cc', import.meta.url));

/** Compiles the library that ends or fails file-system calls; null where there is no compiler. */
export function buildShim(scratch) {
  const library = join(scratch, 'shim.so');
  const compiler = process.env.CXX || 'g++';
  const { status } = spawnSync(compiler, ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl']);
  return status === 0 ? library : null;
}

/**
 * Environment of a process whose n-th change below a folder is its last, or its first that finds no space.
 * @param what { library, under, counter, at, action: 'kill' | 'tear' | 'enospc' | '' }
 */
export function shimEnvironment({ library, under, counter, at, action }) {
  writeFileSync(counter, Buffer.alloc(8));
  return {
    LD_PRELOAD: library,
    TORTURE_UNDER: under,
    TORTURE_COUNTER: counter,
    TORTURE_AT: String(at),
    TORTURE_DO: action,
    UV_USE_IO_URING: '0',
  };
}
