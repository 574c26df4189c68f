import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loaderFlags } from '@motion-enhancer/support';
import { groupsCheck } from '../doctor-checks-groups.js';
import { checkCpu, checkNode } from '../doctor-checks-machine.js';

const scratch = mkdtempSync(join(tmpdir(), 'doctor-'));
after(() => rmSync(scratch, { recursive: true }));

const doctorUrl = new URL(`./doctor.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href;
const runner = join(scratch, 'run.mjs');
writeFileSync(
  runner,
  `import { command } from ${JSON.stringify(doctorUrl)};\nprocess.exitCode = await command.run(process.argv.slice(2));\n`,
);
const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** The command in a process of its own: if a bad binding takes it down, the test sees that. */
function doctor(
  args: string[],
  binding?: string,
): Promise<{ code: number | null; out: string; err: string; seconds: number }> {
  const began = performance.now();
  const { MOTION_ENHANCER_BINDING: _, ...env } = process.env;
  const child = spawn(process.execPath, [...loaderFlags(process.execArgv), runner, ...args], {
    cwd: repository,
    env: binding === undefined ? env : { ...env, MOTION_ENHANCER_BINDING: binding },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, out, err, seconds: (performance.now() - began) / 1000 })),
  );
}

async function engineLine(binding: string, ...args: string[]): Promise<string> {
  const { code, out, err, seconds } = await doctor(args, binding);
  assert.equal(code, 2, out + err);
  assert.ok(seconds < 20, `${seconds} s`);
  const lines = out.split('\n');
  const at = lines.findIndex((line) => / engine /.test(line));
  assert.match(lines[at + 1]!, /unset MOTION_ENHANCER_BINDING, .* npm run setup/);
  assert.match(lines.find((line) => / video /.test(line))!, /^ok/);
  assert.ok(lines[at]!.includes(binding), lines[at]);
  return lines[at]!;
}

describe('doctor', () => {
  it('finds this machine ready, and says so in JSON as well', async () => {
    const { code, out } = await doctor(['--json']);
    const { ok, checks } = JSON.parse(out) as {
      ok: boolean;
      checks: { name: string; state: string; detail: string }[];
    };
    assert.deepEqual([code, ok], [0, true], out);
    assert.deepEqual(
      [...new Set(checks.map((check) => check.name))],
      ['node', 'cpu', 'memory', 'disk', 'cache', 'engine', 'gpu', 'groups', 'video'],
    );
    assert.match(
      checks.find((check) => check.name === 'engine')!.detail,
      /libtorch \d+\.\d+\.\d+.*built \d{4}-\d\d-\d\dT/,
    );
  });

  it('names a binding that is missing', async () => {
    const path = join(scratch, 'absent.node');
    assert.equal(await engineLine(path), `missing engine  the libtorch binding ${path} does not exist`);
  });

  it('names a binding that is garbage', async () => {
    const path = join(scratch, 'garbage.node');
    writeFileSync(path, 'this is no shared library\n'.repeat(100));
    assert.match(await engineLine(path), /^broken {2}engine .*could not be loaded: .*(ELF|file too short|header)/i);
  });

  const gcc = spawnSync('gcc', ['--version']).status === 0;
  const compiled = (name: string, body: string): string => {
    const path = join(scratch, `${name}.node`);
    const source = join(scratch, `${name}.c`);
    writeFileSync(
      source,
      `#include <signal.h>\n#include <unistd.h>\n__attribute__((constructor)) static void start(void) { ${body} }\n`,
    );
    execFileSync('gcc', ['-shared', '-fPIC', '-o', path, source]);
    return path;
  };

  it('survives a binding that crashes as it loads', { skip: gcc ? false : 'needs gcc' }, async () => {
    const path = compiled('crashes', 'signal(SIGSEGV, SIG_DFL); raise(SIGSEGV);');
    assert.match(await engineLine(path), /^broken {2}engine .*crashed \(SIGSEGV\) while loading the binding/);
  });

  it('survives a binding that ends the process', { skip: gcc ? false : 'needs gcc' }, async () => {
    assert.match(
      await engineLine(compiled('exits', '_exit(0);')),
      /^broken {2}engine .*ended with exit code 0 while loading the binding/,
    );
  });

  it('survives a binding that hangs', { skip: gcc ? false : 'needs gcc' }, async () => {
    const line = await engineLine(compiled('hangs', 'for (;;) pause();'), '--timeout', '6');
    assert.match(line, /^broken {2}engine .*did not answer within 6 s while loading the binding/);
  });

  it('loads nothing native itself: every import of it and of its imports stays clear of the engine', () => {
    const script = `await import(${JSON.stringify(doctorUrl)}); console.log(process.report.getReport().sharedObjects.filter((o) => /torch|av.*node$|c10/.test(o)).join())`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...loaderFlags(process.execArgv), '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    assert.equal(stdout, '\n', stderr);
  });

  it('refuses what it does not know', async () => {
    for (const args of [['--jason'], ['--timeout', 'soon'], ['file']]) {
      const { code, out, err } = await doctor(args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^error: .*doctor --help lists all options\.\n$/);
    }
  });
});

describe('checks of the machine', () => {
  it('node: 20.19 or newer', () => {
    const states = ['20.18.9', '20.19.0', '22.1.0', '18.20.0', '9.30.0'].map((version) => checkNode(version).state);
    assert.deepEqual(states, ['broken', 'ok', 'ok', 'broken', 'broken']);
  });
  it('cpu: AVX2 on x64 only', () => {
    assert.equal(checkCpu('flags\t\t: fpu sse4_2 avx2 fma\n', 'x64').state, 'ok');
    assert.equal(checkCpu('flags\t\t: fpu sse4_2 avx\n', 'x64').state, 'missing');
    assert.equal(checkCpu('Features\t: fp asimd\n', 'arm64').state, 'ok');
  });
  it('keeps the flags that a child needs and no others', () => {
    assert.deepEqual(
      loaderFlags([
        '--test',
        '--import',
        'tsx',
        '--inspect',
        '--conditions=source',
        '-C',
        'x',
        '--expose-gc',
        '-e',
        '1',
      ]),
      ['--import', 'tsx', '--conditions=source', '-C', 'x'],
    );
  });

  it('says which backends process groups have, and what NCCL lacks where there are GPUs', () => {
    const check = (groups: unknown, gpus: number) => groupsCheck({ found: { groups, gpus: [] }, failure: null }, gpus);
    const without = { nccl: false, why: 'nccl.h is nowhere', headers: null };
    assert.deepEqual(check(without, 0), { name: 'groups', required: false, state: 'ok', detail: 'Gloo on CPUs' });
    assert.match(check(without, 2).detail, /no NCCL: nccl\.h is nowhere\./);
    assert.equal(check(without, 2).state, 'missing');
    assert.match(
      check({ nccl: true, why: null, headers: 'NCCL 2.28.9, CUDA 13.0' }, 2).detail,
      /NCCL on GPUs \(NCCL 2\.28\.9/,
    );
  });
});
