import { expected, UserError } from '@motion-enhancer/support';

const FLAG = '--plugin';

/**
 * The files that `--plugin FILE` names, anywhere in a command line, several times; and what is left of it.
 * @throws UserError ERR_USAGE
 */
export function takePlugins(argv: readonly string[]): { plugins: string[]; rest: string[] } {
  const plugins: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === '--') return { plugins, rest: [...rest, ...argv.slice(i)] };
    const inline = argument.startsWith(`${FLAG}=`) ? argument.slice(FLAG.length + 1) : undefined;
    if (argument !== FLAG && inline === undefined) {
      rest.push(argument);
      continue;
    }
    const file = inline ?? argv[++i];
    if (!file || file.startsWith('--'))
      throw new UserError(`Expected a path after ${FLAG} but received nothing.`, { code: 'ERR_USAGE' });
    plugins.push(file);
  }
  return { plugins, rest };
}

/** The key `plugins` of a run file: one path or a list. @throws UserError ERR_VALUE */
export function pluginsOfSettings(settings: Readonly<Record<string, unknown>>): {
  plugins: string[];
  rest: Record<string, unknown>;
} {
  const { plugins = [], ...rest } = settings;
  const list: unknown[] = Array.isArray(plugins) ? plugins : [plugins];
  if (!list.every((file) => typeof file === 'string')) throw expected('paths', 'plugins', plugins);
  return { plugins: list, rest };
}
