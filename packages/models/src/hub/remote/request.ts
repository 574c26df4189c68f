import { setTimeout as sleep } from 'node:timers/promises';
import { HubError } from './hub-error.js';
import type { HubSettings } from './settings.js';

/** What all requests to one endpoint share. */
export interface Hub {
  settings: HubSettings;
  fetch: typeof fetch;
  /** The first wait before another attempt; each further one is twice as long. */
  retryDelayMs: number;
  /** Ends all requests. */
  signal: AbortSignal;
  /** Told to the user: waits, repeated attempts. */
  onNote: (message: string) => void;
}

export interface Answer {
  response: Response;
  /** Headers of the endpoint's own first answer, which describe the file even where a CDN delivers it. */
  first: Headers;
  /** Breaks off the body, for a reader that waited too long. */
  abort: () => void;
}

/** Attempts without any success before giving up. */
export const ATTEMPTS = 6;
const LONGEST_WAIT_MS = 30_000;
const LONGEST_RETRY_AFTER_S = 600;
const MAX_REDIRECTS = 10;
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/**
 * One request, with attempts repeated after broken connections and passing errors (408, 429 as Retry-After says, 5xx).
 * Answers with other statuses come back as they are.
 * @throws HubError `ERR_HUB_NETWORK` when no answer comes
 */
export async function request(
  hub: Hub,
  url: string,
  o: { method?: 'GET' | 'HEAD'; headers?: Record<string, string>; attempts?: number } = {},
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    let answer: Answer | null = null;
    let failure: unknown;
    try {
      answer = await followRedirects(hub, url, o.method ?? 'GET', o.headers ?? {});
    } catch (error) {
      hub.signal.throwIfAborted();
      if (error instanceof HubError) throw error;
      failure = error;
    }
    if (answer && !isPassing(answer.response, hub)) return answer;
    const retryAfter = answer ? retryAfterSeconds(answer.response.headers) : null;
    if (attempt >= (o.attempts ?? ATTEMPTS) || (retryAfter ?? 0) > LONGEST_RETRY_AFTER_S) {
      if (answer) return answer;
      throw new HubError(
        'ERR_HUB_NETWORK',
        `${hub.settings.endpoint} cannot be reached: ${reasonOf(failure)}. Check the network and HF_ENDPOINT, or fetch the checkpoint elsewhere and give its folder.`,
        failure,
      );
    }
    await answer?.response.body?.cancel();
    const waitMs = retryAfter === null ? backOff(hub, attempt) : 1000 * retryAfter;
    const what = answer ? `${answer.response.status}` : reasonOf(failure);
    hub.onNote(`${new URL(url).host}: ${what}; another attempt in ${(waitMs / 1000).toFixed(1)} s`);
    await sleep(waitMs, undefined, { signal: hub.signal });
  }
}

/** Milliseconds to wait after the n-th failure, spread so that many clients do not return at the same moment. */
export function backOff(hub: Hub, attempt: number): number {
  return Math.min(LONGEST_WAIT_MS, hub.retryDelayMs * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
}

/** "connection refused"-like words of an error of `fetch`, whose own message is always "fetch failed". */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const inner = cause as NodeJS.ErrnoException | undefined;
  return inner?.code ?? inner?.message ?? message ?? String(error);
}

async function followRedirects(hub: Hub, url: string, method: string, headers: Record<string, string>) {
  let at = new URL(url);
  let first: Headers | null = null;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const controller = new AbortController();
    const abort = () => controller.abort(new Error('the connection stood still'));
    const timer = setTimeout(abort, hub.settings.timeoutMs);
    const response = await hub
      .fetch(at, {
        method,
        // Redirects are followed here, not by fetch: the first answer describes the file, and the token is for the endpoint alone.
        redirect: 'manual',
        headers: {
          // Compressed bytes could neither be continued nor counted.
          'accept-encoding': 'identity',
          'user-agent': 'motion-enhancer',
          ...headers,
          ...(hub.settings.token && isEndpoint(hub, at) ? { authorization: `Bearer ${hub.settings.token}` } : {}),
        },
        signal: AbortSignal.any([hub.signal, controller.signal]),
      })
      .finally(() => clearTimeout(timer));
    first ??= response.headers;
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || !location) return { response, first, abort };
    const next = new URL(location, at);
    // A CDN's signed address may allow GET only; all that HEAD is for is in the first answer.
    if (method === 'HEAD' && !isEndpoint(hub, next)) return { response, first, abort };
    await response.body?.cancel();
    at = next;
  }
  throw new HubError('ERR_HUB_SERVER', `${url} leads to more than ${MAX_REDIRECTS} redirects. Check HF_ENDPOINT.`);
}

function isPassing(response: Response, hub: Hub): boolean {
  if (PASSING.has(response.status)) return true;
  // A CDN refuses addresses that were signed too long ago: the endpoint signs a new one.
  const elsewhere = response.url !== '' && !isEndpoint(hub, new URL(response.url));
  return elsewhere && (response.status === 401 || response.status === 403);
}

function retryAfterSeconds(headers: Headers): number | null {
  const text = headers.get('retry-after');
  // huggingface.co tells it in RateLimit, `"api";r=0;t=55`.
  const seconds =
    text === null
      ? Number(/;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])
      : /^\d+(\.\d+)?$/.test(text)
        ? Number(text)
        : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/** Whether an address belongs to the endpoint: its own origin, or the same host with encryption added. */
function isEndpoint(hub: Hub, at: URL): boolean {
  const home = new URL(hub.settings.endpoint);
  return at.origin === home.origin || (at.protocol === 'https:' && home.port === '' && at.host === home.host);
}
