import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { hashParts, objectKey, parseDependencies } from './compile-key.mjs';
import { SetupError } from './errors.mjs';
import { exec } from './exec.mjs';
import { precompileHeaders } from './precompile.mjs';
import { say, secondsSince } from './progress.mjs';

/**
 * Compiles every `sourceDir`/*.cc and links them to `buildDir`/libtorch_node.node. An object is made again only when its
 * source, a header it includes, the flags, the compiler or libtorch changed. Returns { compiled, linked, failed }.
 *
 * @param {{ sourceDir: string, buildDir: string, includeDirs: string[], ownIncludeDirs?: string[], libDirs: string[], libraries: string[], defines: string[], compiler: { program: string, version: string }, identity: string, extras?: Record<string, { includeDirs: string[], identity: string } | null> }} options
 *   `ownIncludeDirs`: headers of ours outside `sourceDir` itself; `libraries`: linker arguments in load order; `identity`:
 *   libtorch's version and place, part of every key; `extras`: sources that the binding can do without, by name: null leaves
 *   one out, and one that does not compile is left out and named in `failed` with the compiler's first error
 */
export async function compileBinding(options) {
  const {
    sourceDir,
    buildDir,
    includeDirs,
    ownIncludeDirs = [],
    libDirs,
    libraries,
    defines,
    compiler,
    identity,
  } = options;
  const { extras = {} } = options;
  const sources = readdirSync(sourceDir)
    .filter((name) => name.endsWith('.cc') && extras[name] !== null)
    .sort();
  if (sources.length === 0)
    throw new SetupError(
      `Expected C++ sources in ${sourceDir} but found none.`,
      'restore them: `git checkout -- native`.',
    );
  const objectDir = join(buildDir, 'obj');
  mkdirSync(objectDir, { recursive: true });
  const flags = [
    `-std=${cppStandard(includeDirs)}`,
    '-O2',
    '-fPIC',
    '-fvisibility=hidden',
    '-pthread',
    '-Wall',
    ...ownIncludeDirs.flatMap((dir) => ['-I', dir]),
    // libtorch's headers warn about themselves; -isystem keeps their warnings out.
    ...includeDirs.flatMap((dir) => ['-isystem', dir]),
    ...defines.map((name) => `-D${name}`),
  ];
  const command = [compiler.program, compiler.version, identity, ...flags];
  const units = sources.map((name) => unitOf(join(sourceDir, name), objectDir, command, extras[name]));
  removeStale(objectDir, units);
  const stale = units.filter((unit) => !unit.fresh);
  if (stale.length > 0) {
    say(
      `compiling ${stale.length} of ${units.length} files with ${compiler.program}, ${Math.min(availableParallelism(), stale.length)} at a time`,
    );
    const start = performance.now();
    const jobs = availableParallelism();
    const shared = await precompileHeaders({
      sourceDir,
      buildDir,
      flags,
      command,
      compiler,
      staleCount: stale.length,
      jobs,
    });
    let done = 0;
    await inParallel(stale, jobs, async (unit) => {
      await compileUnit(unit, {
        sourceDir,
        buildDir,
        flags: unit.extra ? [...unit.extra, ...flags] : [...flags, ...shared],
        program: compiler.program,
      });
      say(`  ${++done}/${stale.length} ${basename(unit.source)}, ${secondsSince(start)}`);
    });
  }
  const usable = units.filter((unit) => unit.failure === undefined);
  const linked = await link({ buildDir, units: usable, libDirs, libraries, compiler });
  const failed = Object.fromEntries(
    units.filter((unit) => unit.failure !== undefined).map((unit) => [basename(unit.source), unit.failure]),
  );
  return { compiled: stale.length, linked, failed };
}

/** The C++ standard that libtorch's headers ask for: C++17 parses a fifth faster, C++20 where they insist. */
export function cppStandard(includeDirs) {
  const headers = includeDirs.map((dir) => join(dir, 'ATen/ATen.h')).filter((path) => existsSync(path));
  return headers.some((path) => /__cplusplus < 202002L/.test(readFileSync(path, 'utf8'))) ? 'c++20' : 'c++17';
}

function unitOf(source, objectDir, command, extra) {
  const stem = join(objectDir, basename(source, '.cc'));
  // Its own headers come first, so that one release of CUDA's serves all of the unit.
  const flags = extra?.includeDirs.flatMap((dir) => ['-isystem', dir]);
  const unit = { source, object: `${stem}.o`, record: `${stem}.json`, key: undefined, fresh: false, extra: flags };
  unit.command = extra ? [...command, ...flags, extra.identity] : command;
  if (existsSync(unit.record)) {
    const { files, key, failure } = JSON.parse(readFileSync(unit.record, 'utf8'));
    unit.key = key;
    unit.fresh = key === objectKey(files, unit.command) && (failure !== undefined || existsSync(unit.object));
    if (unit.fresh) unit.failure = failure;
  }
  return unit;
}

async function compileUnit(unit, { sourceDir, buildDir, flags, program }) {
  const temporary = `${unit.object}.${process.pid}`;
  const dependencies = `${temporary}.d`;
  try {
    const answer = await exec(program, [...flags, '-MMD', '-MF', dependencies, '-c', unit.source, '-o', temporary]);
    if (answer.code !== 0) {
      if (unit.extra && !isShortage(answer.stderr)) return rememberFailure(unit, answer.stderr);
      throw compileError(unit.source, answer.stderr);
    }
    if (answer.stderr.trim()) process.stderr.write(answer.stderr);
    const files = [
      ...new Set([unit.source, ...parseDependencies(readFileSync(dependencies, 'utf8'), sourceDir, buildDir)]),
    ];
    unit.key = objectKey(files, unit.command);
    rmSync(unit.record, { force: true });
    renameSync(temporary, unit.object);
    writeFileSync(unit.record, JSON.stringify({ files, key: unit.key }));
  } finally {
    rmSync(temporary, { force: true });
    rmSync(dependencies, { force: true });
  }
}

/** What the binding can do without is not tried again until its source, its headers or the compiler change. */
function rememberFailure(unit, stderr) {
  unit.failure = firstError(stderr);
  unit.key = objectKey([unit.source], unit.command);
  rmSync(unit.object, { force: true });
  writeFileSync(unit.record, JSON.stringify({ files: [unit.source], key: unit.key, failure: unit.failure }));
}

function firstError(stderr) {
  const lines = stderr.split('\n');
  return (
    lines.find((line) => /error:/.test(line)) ??
    lines.find((line) => line.trim()) ??
    'the compiler failed'
  ).trim();
}

const OUT_OF_MEMORY = /Killed signal|out of memory|cannot allocate memory/i;
const DISK_FULL = /No space left on device/;

/** A failure that says nothing about the code. */
function isShortage(stderr) {
  return OUT_OF_MEMORY.test(stderr) || DISK_FULL.test(stderr);
}

async function link({ buildDir, units, libDirs, libraries, compiler }) {
  const target = join(buildDir, 'libtorch_node.node');
  const record = join(buildDir, 'link.json');
  const args = [
    '-shared',
    '-pthread',
    ...libDirs.flatMap((dir) => [`-L${dir}`, `-Wl,-rpath,${dir}`]),
    // RPATH, not RUNPATH: it also serves the libraries that libtorch itself needs.
    '-Wl,--disable-new-dtags',
    // Without this the linker drops libraries that only register operators, such as libtorch_cuda.
    '-Wl,--no-as-needed',
    ...libraries,
  ];
  const key = hashParts([
    compiler.program,
    compiler.version,
    ...args,
    ...units.flatMap((unit) => [unit.object, unit.key]),
  ]);
  if (existsSync(target) && existsSync(record) && JSON.parse(readFileSync(record, 'utf8')).key === key) return false;
  const start = performance.now();
  const temporary = `${target}.${process.pid}`;
  try {
    const answer = await exec(compiler.program, [...units.map((unit) => unit.object), ...args, '-o', temporary]);
    if (answer.code !== 0) {
      throw new SetupError(
        `The binding does not link:\n${firstLines(answer.stderr, 12)}`,
        'look whether the libtorch found is complete (`npm run setup` names it), or name another: `LIBTORCH=/path/to/libtorch npm run setup`.',
      );
    }
    rmSync(record, { force: true });
    renameSync(temporary, target);
    writeFileSync(record, JSON.stringify({ key }));
  } finally {
    rmSync(temporary, { force: true });
  }
  say(`linked ${target} in ${secondsSince(start)}`);
  return true;
}

/** Sorts a compiler's failure into memory, disk, or the code itself. */
export function compileError(source, stderr) {
  if (OUT_OF_MEMORY.test(stderr)) {
    return new SetupError(
      `The compiler ran out of memory on ${source}.`,
      'compile fewer files at once: `taskset -c 0 npm run setup` (one needs about 1.2 GB).',
    );
  }
  if (DISK_FULL.test(stderr)) {
    return new SetupError(
      `The disk is full while compiling ${source}.`,
      'free some space in native/build and in $TMPDIR (or /tmp), then run `npm run setup` again.',
    );
  }
  return new SetupError(
    `${source} does not compile:\n${firstLines(
      stderr
        .split('\n')
        .filter((line) => /error|required from|\.cc:/.test(line))
        .join('\n') || stderr,
      20,
    )}`,
    'if the file is yours, mend it; if not, try another compiler (`CXX=g++-13 npm run setup`) or another libtorch (`LIBTORCH=… npm run setup`), and report it with the lines above.',
  );
}

function removeStale(objectDir, units) {
  const wanted = new Set(units.flatMap((unit) => [unit.object, unit.record]));
  for (const name of readdirSync(objectDir)) {
    const path = join(objectDir, name);
    if (/\.(o|json)$/.test(name) && !wanted.has(path)) rmSync(path);
  }
}

/** Runs `work` over items, `limit` at a time; the first failure stops further starts and is thrown once the running ones end. */
export async function inParallel(items, limit, work) {
  const queue = [...items];
  let failure;
  const worker = async () => {
    while (queue.length > 0 && !failure) {
      try {
        await work(queue.shift());
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failure) throw failure;
}

function firstLines(text, count) {
  return text.trimEnd().split('\n').slice(0, count).join('\n');
}
