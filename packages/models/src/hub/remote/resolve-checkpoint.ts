import { existsSync } from 'node:fs';
import { UserError } from '@motion-enhancer/support';
import { cachedSnapshot } from './cached-snapshot.js';
import { type FetchProgress, fetchSnapshot } from './fetch-snapshot.js';
import { HubError } from './hub-error.js';
import { proxiedFetch } from './proxied-fetch.js';
import { RepositoryCache } from './repository-cache.js';
import { parseRepositoryName, type RepositoryName } from './repository-name.js';
import type { Hub } from './request.js';
import { type Environment, hubSettings } from './settings.js';

export interface ResolveOptions {
  /** Which files are needed, such as `transformer/*.json`; `*` stands for any characters but a slash. */
  files: readonly string[];
  onProgress?: (progress: FetchProgress) => void;
  /** Waits, repeated attempts, and use of the cache because the endpoint does not answer. */
  onNote?: (message: string) => void;
  /** HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE; the process's own by default. */
  env?: Environment;
  fetch?: typeof fetch;
  signal?: AbortSignal;
  /** The wait before the second attempt, in milliseconds. */
  retryDelayMs?: number;
}

/**
 * The local folder of a checkpoint: `nameOrDir` itself where it exists, else that of the repository `org/name` or
 * `org/name@revision` in huggingface_hub's cache, to which missing files are fetched from HF_ENDPOINT. Interrupted
 * downloads are continued, and every file is verified by its hash before it appears.
 * @throws UserError `ERR_CHECKPOINT` when it is neither a folder nor such a name; HubError when it cannot be fetched
 */
export async function resolveCheckpoint(nameOrDir: string, options: ResolveOptions): Promise<string> {
  if (existsSync(nameOrDir)) return nameOrDir;
  const name = parseRepositoryName(nameOrDir);
  if (!name) {
    throw new UserError(
      `There is no checkpoint folder ${nameOrDir}. Check the path, or give org/name[@revision] of a repository to fetch.`,
      { code: 'ERR_CHECKPOINT' },
    );
  }
  const settings = hubSettings(options.env);
  const cache = new RepositoryCache(settings.cache, name.id);
  const { files, onProgress = () => {}, onNote = () => {} } = options;
  if (settings.offline) return offline(cache, name, files);
  if (!/^https?:\/\/[^/]/.test(settings.endpoint)) {
    throw new UserError(`Expected an http(s) address for HF_ENDPOINT but received "${settings.endpoint}".`, {
      code: 'ERR_VALUE',
    });
  }
  const hub: Hub = {
    settings,
    onNote,
    fetch: options.fetch ?? (await proxiedFetch(options.env)),
    retryDelayMs: options.retryDelayMs ?? 500,
    signal: options.signal ?? new AbortController().signal,
  };
  try {
    return await fetchSnapshot(hub, cache, name, { files, onProgress });
  } catch (error) {
    if (!(error instanceof HubError) || !['ERR_HUB_NETWORK', 'ERR_HUB_SERVER'].includes(error.code)) throw error;
    // A whole checkpoint in the cache is as good without the endpoint, only perhaps not the newest.
    const cached = await cachedSnapshot(cache, name, files);
    if (!cached || cached.missing.length > 0) throw error;
    onNote(`${name.id}: ${error.message} The files in ${cached.dir} are used.`);
    return cached.dir;
  }
}

async function offline(cache: RepositoryCache, name: RepositoryName, files: readonly string[]): Promise<string> {
  const cached = await cachedSnapshot(cache, name, files, { withoutRefs: true });
  if (cached && cached.missing.length === 0) return cached.dir;
  const what = `${name.id}${name.revision === 'main' ? '' : `@${name.revision}`}`;
  const lacks = cached
    ? `lacks ${cached.missing.slice(0, 5).join(', ')}${cached.missing.length > 5 ? ` and ${cached.missing.length - 5} more` : ''}`
    : 'is not there';
  throw new HubError(
    'ERR_HUB_OFFLINE',
    `There is no folder ${name.id} here, HF_HUB_OFFLINE is set, and ${what} in the cache ${cache.dir} ${lacks}. Unset HF_HUB_OFFLINE to fetch it, or give a folder.`,
  );
}
