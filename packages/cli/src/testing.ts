import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loaderFlags } from '@motion-enhancer/support';

export interface CliResult {
  code: number | null;
  out: string;
  err: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const main = fileURLToPath(new URL(`./main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));

/** Runs the tool in a process of its own: from sources or compiled, as the test itself is. */
export function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...loaderFlags(process.execArgv), main, ...args], {
      cwd: root,
      // A warning of Node's would be a line on stderr.
      env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_TEST_CONTEXT: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Expects exit code 2, no stack and, as the last line of stderr, `error: …` that matches. */
export async function refuses(args: readonly string[], message: RegExp): Promise<void> {
  assert.match(await refusal(args), message);
}

/** The line itself. */
export async function refusal(args: readonly string[]): Promise<string> {
  const { code, out, err } = await runCli(args);
  assert.equal(code, 2, `exit code ${code} of ${args.join(' ')}\n${out}${err}`);
  const lines = err.trimEnd().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('error: ')).length, 1, err);
  const last = lines.at(-1)!;
  assert.match(last, /^error: /, err);
  assert.doesNotMatch(err, /\n {4}at |node:internal|defect of MotionEnhancer/);
  return last;
}

/** Lines that are JSON objects, all of them. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
