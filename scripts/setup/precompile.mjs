import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashParts } from './compile-key.mjs';
import { exec } from './exec.mjs';
import { say, secondsSince } from './progress.mjs';

/** The outside headers that the project's own headers include: nearly every source needs them, and parsing them is three quarters of its compile time. */
export function sharedIncludes(sourceDir) {
  const lines = readdirSync(sourceDir)
    .filter((name) => name.endsWith('.h'))
    .flatMap((name) => readFileSync(join(sourceDir, name), 'utf8').match(/^#include <[^>]+>/gm) ?? []);
  return [...new Set(lines)].sort();
}

/**
 * Compiles the shared headers once with g++ (13 s, 200 MB) when that pays: many files to compile on few cores, or it is
 * there already. Returns the flags that use it, none when it is not used. Objects come out the same either way.
 */
export async function precompileHeaders({ sourceDir, buildDir, flags, command, compiler, staleCount, jobs }) {
  if (!/^g\+\+|\(GCC\)|Free Software/.test(compiler.version)) return [];
  const folder = join(buildDir, 'pch');
  const header = join(folder, 'shared.h');
  const record = join(folder, 'key');
  const text = `${sharedIncludes(sourceDir).join('\n')}\n`;
  const key = hashParts([...command, text]);
  const useIt = ['-include', header];
  const fresh = existsSync(`${header}.gch`) && existsSync(record) && readFileSync(record, 'utf8') === key;
  if (fresh) return useIt;
  rmSync(folder, { recursive: true, force: true });
  if (staleCount < 3 * jobs || text.trim() === '') return [];
  const start = performance.now();
  mkdirSync(folder, { recursive: true });
  writeFileSync(header, text);
  const temporary = `${header}.gch.${process.pid}`;
  const answer = await exec(compiler.program, [...flags, '-x', 'c++-header', header, '-o', temporary]);
  if (answer.code !== 0) {
    // The sources will say what is wrong, with their own names.
    rmSync(folder, { recursive: true, force: true });
    return [];
  }
  renameSync(temporary, `${header}.gch`);
  writeFileSync(record, key);
  say(`  shared headers, ${secondsSince(start)}`);
  return useIt;
}
