import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/motion-enhancer.js', import.meta.url));
const LONGEST_MS = 120_000;

/**
 * Runs the command in a process of its own.
 * @param options { env, killAfter: ms until SIGKILL }
 * @returns { code, signal, out, err, hung, ms }
 */
export function runCommand(argv, { env = {}, killAfter } = {}) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [COMMAND, ...argv], {
      env: { ...process.env, OMP_NUM_THREADS: '1', NODE_NO_WARNINGS: '1', NODE_TEST_CONTEXT: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err, hung] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    const watch = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, LONGEST_MS);
    const end = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('close', (code, signal) => {
      clearTimeout(watch);
      clearTimeout(end);
      resolve({ code, signal, out, err, hung, ms: performance.now() - started });
    });
  });
}

/** What is wrong with how a command ended by itself; null where it succeeded or refused in one sentence. */
export function badEnd({ code, signal, err, hung }) {
  if (hung) return 'it came to no end';
  if (signal) return `it ended by ${signal}`;
  if (code === 0) return null;
  const untyped = /\n {4}at |node:internal|defect of MotionEnhancer/.test(err);
  return untyped || !/^error: /m.test(err) ? `an untyped error (exit code ${code}): ${lastLine(err)}` : null;
}

export const lastLine = (text) => text.trimEnd().split('\n').at(-1)?.slice(0, 300) ?? '';
