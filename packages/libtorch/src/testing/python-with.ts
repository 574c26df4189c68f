import { spawnSync } from 'node:child_process';

/** A Python that can import `module`, or undefined: tests that compare with Python are skipped by name then. */
export function pythonWith(module: string): string | undefined {
  const candidates = [process.env.PYTHON, 'python3', '/opt/venvs/ref/bin/python'];
  return candidates.find((python) => python && spawnSync(python, ['-c', `import ${module}`]).status === 0);
}
