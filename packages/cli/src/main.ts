#!/usr/bin/env node
import './environment.js';
import { nearestName } from '@motion-enhancer/support';
import { COMMANDS } from './commands/registry.js';
import { takePlugins } from './take-plugins.js';

async function main(argv: string[]): Promise<number> {
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

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return `motion-enhancer COMMAND [options]    (COMMAND --help for its options)\n\n${lines.join('\n')}

--plugin FILE.mjs, with any command and several times: loads a module that adds model families and the like`;
}

/** Mistakes of the user are one sentence and exit code 2; anything else is ours and keeps its stack. */
async function report(error: unknown): Promise<number> {
  const { clearBars } = await import('./progress.js');
  clearBars();
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (name === 'UserError' || name === 'OutOfMemoryError') {
    console.error(
      `error: ${name === 'UserError' ? message : `${message?.split('\n')[0]}. Use smaller inputs, a half dtype, or another device.`}`,
    );
    return 2;
  }
  console.error(error);
  if (code) console.error(`(${code}) This is a defect of MotionEnhancer: please report it with the lines above.`);
  return 1;
}

// A reader that closes the pipe early (head, less) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  async (error) => {
    process.exitCode = await report(error);
  },
);
