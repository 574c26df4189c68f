#!/usr/bin/env node
import './environment.js';
import { nearestName } from '@motion-enhancer/support';
import { COMMANDS } from './commands/registry.js';
import { guardOutput } from './guard-output.js';
import { takePlugins } from './take-plugins.js';

async function main(argv: string[]): Promise<number> {
  if (!hasWorkingFolder()) {
    console.error('error: The working folder is no longer there. Change to one that is, and run the command again.');
    return 2;
  }
  const { plugins, rest: words } = takePlugins(argv);
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(usage());
    return 0;
  }
  const entry = COMMANDS[name];
  if (!entry) {
    const guess = nearestName(name, Object.keys(COMMANDS));
    console.error(
      `error: There is no command ${name}. ${guess ? `Did you mean ${guess}? ` : ''}motion-enhancer --help lists them all.`,
    );
    return 2;
  }
  if (plugins.length > 0) {
    // Only now: what does not need the library must run where libtorch does not.
    const { loadPlugins } = await import('@motion-enhancer/core/internal/plugins/load-plugin.js');
    await loadPlugins(plugins);
  }
  return (await entry.load()).command.run(rest);
}

function hasWorkingFolder(): boolean {
  try {
    return process.cwd() !== '';
  } catch {
    return false;
  }
}

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return `motion-enhancer COMMAND [options]    (COMMAND --help for its options)\n\n${lines.join('\n')}

--plugin FILE.mjs, with any command and several times: loads a module that adds model families and the like`;
}

/** Mistakes of the user are one sentence and exit code 2; anything else is ours and keeps its stack. */
async function report(error: unknown): Promise<number> {
  // Where no more files may be opened this one cannot be, either.
  await import('./progress.js').then(
    ({ clearBars }) => clearBars(),
    () => {},
  );
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (name === 'UserError' || name === 'OutOfMemoryError') {
    console.error(
      `error: ${name === 'UserError' ? message : `${message?.split('\n')[0]}. Use smaller inputs, a half dtype, or another device.`}`,
    );
    return 2;
  }
  const limit = limitOf(code, message ?? '');
  if (limit) {
    console.error(`error: ${message?.split('\n')[0]}. ${limit}`);
    return 2;
  }
  console.error(error);
  if (code) console.error(`(${code}) This is a defect of MotionEnhancer: please report it with the lines above.`);
  return 1;
}

/** What the system refuses anywhere in the work, and what can be done about it. */
const LIMITS: Record<string, string> = {
  EMFILE: 'Too few files may be open: raise the limit (ulimit -n 1024).',
  ENFILE: 'The system has too many open files: end other programs.',
  ENOMEM: 'There is too little memory: use smaller inputs or fewer workers, or raise the limit (ulimit -v unlimited).',
  ENAMETOOLONG: 'A name is too long for the file system: give a shorter one.',
  ENOSPC: 'The disk is full: free space, then run the command again.',
  EDQUOT: 'Your quota is used up: free space, then run the command again.',
  EROFS: 'The file system is read-only: give another folder.',
  EIO: 'The disk or the network file system fails: check it, then run the command again.',
};

function limitOf(code: string | undefined, message: string): string | undefined {
  const memory = /^(ERR_WORKER_(INIT_FAILED|OUT_OF_MEMORY)|ERR_MEMORY_ALLOCATION_FAILED)$/.test(code ?? '');
  if (memory || /Array buffer allocation failed|bad_alloc|can't allocate memory/.test(message)) return LIMITS.ENOMEM;
  if (message.includes('Failed to initialize cpuinfo')) return 'libtorch reads /proc/cpuinfo: mount /proc.';
  return code === undefined ? undefined : LIMITS[code];
}

guardOutput();
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  async (error) => {
    process.exitCode = await report(error);
  },
);
