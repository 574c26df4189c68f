import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says about the endpoint and the cache, with huggingface_hub's names and defaults. */
export interface HubSettings {
  /** Without a slash at its end. */
  endpoint: string;
  token: string | null;
  /** Folder of `models--org--name` folders. */
  cache: string;
  offline: boolean;
  /** How long to wait for an answer or for the next bytes of one. */
  timeoutMs: number;
}

/** Reads HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE and the file that `hf auth login` writes. */
export function hubSettings(env: Environment = process.env): HubSettings {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'huggingface');
  const seconds = Number(env.HF_HUB_DOWNLOAD_TIMEOUT);
  return {
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: env.HF_TOKEN?.trim() || savedToken(env, home),
    cache: expandHome(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'), env),
    offline: isTrue(env.HF_HUB_OFFLINE) || isTrue(env.TRANSFORMERS_OFFLINE),
    timeoutMs: 1000 * (seconds > 0 ? seconds : 30),
  };
}

function savedToken(env: Environment, home: string): string | null {
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return null;
  try {
    return readFileSync(expandHome(env.HF_TOKEN_PATH || join(home, 'token'), env), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

function expandHome(path: string, env: Environment): string {
  return path.replace(/^~(?=\/|$)/, env.HOME || homedir());
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
