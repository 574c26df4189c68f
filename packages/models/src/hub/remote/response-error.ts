import { HubError } from './hub-error.js';
import type { RemoteFile } from './remote-file.js';
import type { RepositoryName } from './repository-name.js';
import type { Hub } from './request.js';
import type { HubSettings } from './settings.js';

/**
 * The error that an answer with a status of 400 or more means. Endpoints that tell in X-Error-Code what is missing are
 * believed; otherwise the kind of request decides.
 * @param path the file that was asked for, or null for the repository at its revision
 */
export function responseError(
  response: Response,
  name: RepositoryName,
  path: string | null,
  settings: HubSettings,
): HubError {
  const { status, headers } = response;
  const kind = headers.get('x-error-code') ?? '';
  const page = `${settings.endpoint}/${name.id}`;
  const where = `${name.id} on ${settings.endpoint}`;
  if (kind === 'GatedRepo' || status === 403 || (status === 401 && kind !== 'RepoNotFound')) {
    const token = settings.token
      ? 'The token in use has expired or has no access: accept the licence with its account, and let the token read gated repositories.'
      : 'Set HF_TOKEN to a token of an account that accepted it.';
    return new HubError(
      'ERR_HUB_ACCESS',
      `${where} is gated or private (${status}). Accept its licence at ${page}. ${token}`,
    );
  }
  if (kind === 'RevisionNotFound') {
    return new HubError(
      'ERR_HUB_REVISION',
      `${where} has no revision ${name.revision}. Its branches and tags are listed at ${page}/tree/main.`,
    );
  }
  if (status === 404 && path !== null && kind !== 'RepoNotFound') {
    return new HubError(
      'ERR_HUB_FILE',
      `${where} has no file ${path} at ${name.revision}. Check the repository and its revision.`,
    );
  }
  if (status === 404 || status === 401) {
    return new HubError(
      'ERR_HUB_REPOSITORY',
      `There is no folder ${name.id} here and no repository ${where}. Check the name; if the repository is private, set HF_TOKEN.`,
    );
  }
  const later = status === 429 || status >= 500 ? ' Try again later, or set HF_ENDPOINT to a mirror.' : '';
  return new HubError(
    'ERR_HUB_SERVER',
    `${new URL(response.url || page).host} answered ${status} for ${name.id}${path === null ? '' : `/${path}`}.${later || ' Check HF_ENDPOINT.'}`,
  );
}

/** The endpoint delivers other bytes than it says. */
export function damaged(hub: Hub, name: RepositoryName, file: RemoteFile, wrong: string): HubError {
  return new HubError(
    'ERR_HUB_HASH',
    `${file.path} of ${name.id}, as ${hub.settings.endpoint} delivers it, is damaged: ${wrong}. It was removed. Try again, or set HF_ENDPOINT to another endpoint.`,
  );
}
