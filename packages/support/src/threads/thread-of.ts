import { Worker } from 'node:worker_threads';

/**
 * A thread that runs a script of the project. It does not inherit the loader that reads TypeScript: from sources it is
 * registered there anew.
 * @param script with the ending .js @param caller its `import.meta.url`
 */
export function threadOf(script: URL, caller: string, workerData?: unknown): Worker {
  if (caller.endsWith('.js')) return new Worker(script, { workerData });
  const source = script.href.replace(/\.js$/, '.ts');
  const tsx = import.meta.resolve('tsx/esm/api');
  return new Worker(`import('${tsx}').then((tsx) => { tsx.register(); return import('${source}'); })`, {
    eval: true,
    workerData,
  });
}
