import { parseArgs } from 'node:util';
// Nothing that loads native code may be imported here, not even indirectly: this command must run where that is broken.
import { type DoctorCheck, runChecks } from '../doctor-checks.js';
import type { Command } from './registry.js';

const HELP = `motion-enhancer doctor [options]

Says what of this machine works, and what mends the rest. Exit code 0 when all that is required works, 2 otherwise.

  --json       one JSON object with all checks
  --cache      read every file of the Hugging Face cache against its hash, and nothing else
  --timeout N  patience with each library that is tried, in seconds (default 60)`;

export const command: Command = {
  name: 'doctor',
  async run(argv) {
    const given = parse(argv);
    if (typeof given === 'string') {
      console.error(`error: ${given} motion-enhancer doctor --help lists all options.`);
      return 2;
    }
    if (given.help) {
      console.log(HELP);
      return 0;
    }
    if (given.cache) return checkCache(given.json);
    const checks = await runChecks({ timeoutMs: given.timeout * 1000 });
    const ok = checks.every((check) => check.state === 'ok' || !check.required);
    console.log(given.json ? JSON.stringify({ type: 'doctor', ok, checks }, null, 2) : report(checks, ok));
    return ok ? 0 : 2;
  },
};

/** Exit code 2 where a file is damaged; the file is left there. */
async function checkCache(json: boolean): Promise<number> {
  const { verifyCache } = await import('@motion-enhancer/models/internal/hub/remote/verify-cache.js');
  const { cache, files, bytes, bad } = await verifyCache();
  if (json) console.log(JSON.stringify({ type: 'cache', cache, files, bytes, bad }, null, 2));
  else {
    for (const { path, why } of bad)
      console.log(`damaged ${path}: ${why}\n        mend it: remove it, and it is fetched again`);
    console.log(`${cache}: ${files} files, ${(bytes / 1e9).toFixed(2)} GB, ${bad.length} damaged`);
  }
  return bad.length > 0 ? 2 : 0;
}

function parse(argv: string[]): { json: boolean; help: boolean; cache: boolean; timeout: number } | string {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        json: { type: 'boolean' },
        cache: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        timeout: { type: 'string' },
      },
    });
    const timeout = Number(values.timeout ?? 60);
    if (!(timeout > 0)) return `Expected a number above 0 for --timeout but received "${values.timeout}".`;
    return { json: values.json ?? false, help: values.help ?? false, cache: values.cache ?? false, timeout };
  } catch (error) {
    return `${(error as Error).message.split('. ')[0]}.`;
  }
}

/** A line a check, and the remedy under those that need one. */
export function report(checks: readonly DoctorCheck[], ok: boolean): string {
  const lines = checks.flatMap(({ state, name, detail, remedy, required }) => [
    `${state.padEnd(8)}${name.padEnd(8)}${detail}`,
    ...(state !== 'ok' && remedy ? [`${' '.repeat(16)}${required ? 'mend it' : 'to change it'}: ${remedy}`] : []),
  ]);
  const verdict = ok ? 'Ready: all that is required works.' : 'Not ready: see the lines that say missing or broken.';
  return [...lines, '', verdict].join('\n');
}
