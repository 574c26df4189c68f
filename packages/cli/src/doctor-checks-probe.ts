import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loaderFlags } from '@motion-enhancer/support';
import type { Finding } from './doctor-checks-child.js';

/** How a probe ended. */
export interface ProbeResult {
  /** All findings in one; a list under `gpus`. */
  found: Record<string, unknown> & { gpus: Record<string, unknown>[] };
  /** Null when the probe came to its end. */
  failure: { kind: 'error' | 'crash' | 'hang'; message: string; code?: string } | null;
}

/**
 * Tries native code in a process of its own: a crash or a hang of it is reported, not suffered.
 * @param timeoutMs after which it is killed and counts as hanging
 */
export function probe(
  name: 'engine' | 'gpu' | 'video',
  timeoutMs: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProbeResult> {
  // The same file kind that runs now: .ts under a loader, .js when compiled.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./doctor-checks-child.${extension}`, import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...loaderFlags(process.execArgv), script, name], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let hung = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4000);
    });
    const timer = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const end = (code: number | null, signal: NodeJS.Signals | null, failed = ''): void => {
      clearTimeout(timer);
      const found = merge(stdout);
      const during = typeof found.stage === 'string' ? ` while ${found.stage}` : '';
      const lastWords = stderr.trim().split('\n').at(-1) ?? '';
      const failure = ((): ProbeResult['failure'] => {
        if (hung) return { kind: 'hang', message: `it did not answer within ${timeoutMs / 1000} s${during}` };
        if (found.error) {
          return { kind: 'error', message: String(found.error), ...(found.code ? { code: String(found.code) } : {}) };
        }
        if (signal) return { kind: 'crash', message: `it crashed (${signal})${during}` };
        if (code === 0 && found.stage === 'done') return null;
        return {
          kind: 'crash',
          message: `it ended with exit code ${code}${during}${lastWords || failed ? `: ${failed || lastWords}` : ''}`,
        };
      })();
      resolve({ found, failure });
    };
    child.on('error', (error) => end(null, null, error.message));
    child.on('close', (code, signal) => end(code, signal));
  });
}

function merge(stdout: string): ProbeResult['found'] {
  const found: ProbeResult['found'] = { gpus: [] };
  for (const line of stdout.split('\n')) {
    try {
      const { gpu, ...rest } = JSON.parse(line) as Finding & { gpu?: Record<string, unknown> };
      if (gpu) found.gpus.push(gpu);
      Object.assign(found, rest);
    } catch {
      // A line cut by a crash, or one that a library printed.
    }
  }
  return found;
}
