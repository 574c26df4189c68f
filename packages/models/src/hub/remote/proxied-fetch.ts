import type { Environment } from './settings.js';

/**
 * `fetch` as the environment wants it: through HTTP_PROXY and HTTPS_PROXY (lower case too), but for the hosts of
 * NO_PROXY. Node's own knows of no proxy.
 */
export async function proxiedFetch(env: Environment = process.env): Promise<typeof fetch> {
  const of = (name: string) => env[name.toLowerCase()] || env[name] || '';
  const [httpProxy, httpsProxy, noProxy] = [of('HTTP_PROXY'), of('HTTPS_PROXY'), of('NO_PROXY')];
  if (!httpProxy && !httpsProxy) return fetch;
  const undici = await import('undici');
  // Empty ones too: what is left out it would take from the process's environment.
  const dispatcher = new undici.EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy });
  return ((input: URL, init: object) => undici.fetch(input, { ...init, dispatcher })) as unknown as typeof fetch;
}
