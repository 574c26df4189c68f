import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and captures what it prints. Never throws for a failing program: look at `code`.
 * `missing` is true when the program is not installed; `timedOut` when it was ended for taking longer than `timeoutMs`.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ timeoutMs?: number, env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string, missing: boolean, timedOut: boolean }>}
 */
export function exec(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', (error) => {
      resolve({ code: 127, stdout, stderr: error.message, missing: error.code === 'ENOENT', timedOut: false });
    });
    child.on('close', (code, signal) => {
      resolve({ code: code ?? 1, stdout, stderr, missing: false, timedOut: signal === 'SIGKILL' });
    });
  });
}
