import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '@motion-enhancer/support';
import { whileRegistering } from './registering-plugin.js';

/**
 * What the default export of a plugin is called with: the packages as they are imported, so that the file needs no module
 * resolution and may lie anywhere.
 */
export interface PluginHost {
  core: typeof import('../index.js');
  models: typeof import('@motion-enhancer/models');
  libtorch: typeof import('@motion-enhancer/libtorch');
  support: typeof import('@motion-enhancer/support');
}

export type Plugin = (host: PluginHost) => void | Promise<void>;

const loaded: string[] = [];

/** Absolute paths of the plugins of this process, in the order in which they were loaded: threads load them again. */
export const loadedPlugins = (): readonly string[] => [...loaded];

/**
 * Loads a module and calls its default export, which registers what it likes. A file that is loaded already is left alone.
 * @throws UserError ERR_PLUGIN
 */
export async function loadPlugin(file: string): Promise<void> {
  const path = resolve(file);
  if (loaded.includes(path)) return;
  const plugin = await importPlugin(path);
  const [core, models, libtorch, support] = await Promise.all([
    import('../index.js'),
    import('@motion-enhancer/models'),
    import('@motion-enhancer/libtorch'),
    import('@motion-enhancer/support'),
  ]);
  try {
    await whileRegistering(path, async () => plugin({ core, models, libtorch, support }));
  } catch (cause) {
    throw notLoaded(path, cause);
  }
  loaded.push(path);
}

/** Several, one after the other. @throws UserError ERR_PLUGIN */
export async function loadPlugins(files: readonly string[]): Promise<void> {
  for (const file of files) await loadPlugin(file);
}

async function importPlugin(path: string): Promise<Plugin> {
  if (!existsSync(path))
    throw new UserError(`There is no plugin ${path}. Check the path: it is a JavaScript module, FILE.mjs.`, {
      code: 'ERR_PLUGIN',
    });
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (cause) {
    throw notLoaded(path, cause);
  }
  if (typeof module.default === 'function') return module.default as Plugin;
  throw new UserError(
    `Expected a function as the default export of the plugin ${path} but received ${module.default === undefined ? 'none' : typeof module.default}. Write export default function register({ core, models, libtorch, support }) { … }.`,
    { code: 'ERR_PLUGIN' },
  );
}

function notLoaded(path: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`The plugin ${path} cannot be loaded: ${why}`, { code: 'ERR_PLUGIN', cause });
}
