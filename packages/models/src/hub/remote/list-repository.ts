import { HubError } from './hub-error.js';
import { isEtag, isInside, isSize, type Listing, type RemoteFile } from './remote-file.js';
import { isCommit, type RepositoryName } from './repository-name.js';
import { type Hub, reasonOf, request } from './request.js';
import { responseError } from './response-error.js';

/**
 * Asks the endpoint which commit a revision is and which files it has
 * (`GET /api/models/ORG/NAME/revision/REVISION?blobs=true`).
 */
export async function listRepository(hub: Hub, name: RepositoryName): Promise<Listing> {
  const { endpoint } = hub.settings;
  const url = `${endpoint}/api/models/${name.id}/revision/${encodeURIComponent(name.revision)}?blobs=true`;
  const { response } = await request(hub, url);
  if (!response.ok) {
    await response.body?.cancel();
    throw (await isUnknownRevision(hub, name, response))
      ? responseError(withKind(response, 'RevisionNotFound'), name, null, hub.settings)
      : responseError(response, name, null, hub.settings);
  }
  const info = await response.json().catch((error: unknown) => {
    throw noListing(url, reasonOf(error));
  });
  const { sha, siblings } = (info ?? {}) as { sha?: unknown; siblings?: unknown };
  if (typeof sha !== 'string' || !isCommit(sha)) throw noListing(url, 'it names no commit');
  if (!Array.isArray(siblings)) throw noListing(url, 'it lists no files');
  const paths: string[] = [];
  const known = new Map<string, RemoteFile>();
  for (const entry of siblings as Record<string, unknown>[]) {
    const path = entry.rfilename;
    if (typeof path !== 'string' || !isInside(path)) throw noListing(url, `it lists ${JSON.stringify(path)}`);
    paths.push(path);
    const lfs = entry.lfs as { sha256?: unknown; size?: unknown } | undefined;
    const etag = lfs?.sha256 ?? entry.blobId;
    const size = lfs?.size ?? entry.size;
    if (isEtag(etag) && isSize(size))
      known.set(path, { path, size, etag, ...(isEtag(entry.blobId) ? { gitHash: entry.blobId } : {}) });
  }
  return { commit: sha, paths, known };
}

/** Size and hash of one file, for endpoints whose listing lacks them. */
export async function describeFile(
  hub: Hub,
  name: RepositoryName,
  listing: Listing,
  path: string,
): Promise<RemoteFile> {
  const known = listing.known.get(path);
  if (known) return known;
  const url = fileUrl(hub, name, listing.commit, path);
  const { response, first } = await request(hub, url, { method: 'HEAD' });
  if (response.status >= 400) throw responseError(response, name, path, hub.settings);
  const tag = (first.get('x-linked-etag') ?? response.headers.get('etag') ?? '')
    .replace(/^W\//, '')
    .replaceAll('"', '');
  if (!isEtag(tag)) throw new HubError('ERR_HUB_SERVER', `${url} has no ETag that names its hash. Check HF_ENDPOINT.`);
  const length = first.get('x-linked-size') ?? (response.ok ? response.headers.get('content-length') : null);
  return { path, size: length !== null && isSize(Number(length)) ? Number(length) : null, etag: tag };
}

export function fileUrl(hub: Hub, name: RepositoryName, commit: string, path: string): string {
  return `${hub.settings.endpoint}/${name.id}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** An endpoint without X-Error-Code answers 404 for both: the repository without a revision tells which it is. */
async function isUnknownRevision(hub: Hub, name: RepositoryName, response: Response): Promise<boolean> {
  if (response.status !== 404 || response.headers.has('x-error-code')) return false;
  const { response: whole } = await request(hub, `${hub.settings.endpoint}/api/models/${name.id}`);
  await whole.body?.cancel();
  return whole.ok;
}

function withKind(response: Response, kind: string): Response {
  return new Response(null, { status: response.status, headers: { 'x-error-code': kind } });
}

function noListing(url: string, why: string): HubError {
  return new HubError(
    'ERR_HUB_SERVER',
    `${url} is no listing of a repository: ${why}. Check that HF_ENDPOINT is a Hugging Face-compatible endpoint.`,
  );
}
