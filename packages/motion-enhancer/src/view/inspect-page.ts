import { join } from 'node:path';
import { makeFolder } from '@motion-enhancer/support';
import type { Prior } from '../prior/store/prior.js';
import { html } from './html.js';
import { document, randomBanner, writePage } from './page-shell.js';
import { priorSection } from './prior-section.js';
import type { ViewFrames } from './thumbnails.js';

/**
 * Writes `index.html` of one prior into `dir`: frames, moving heat, words, heads, and what determined it.
 * @param pixelFrames first and last frame of each token frame, places among `frames`
 * @returns the path of the page
 * @throws UserError `ERR_WRITE`; or when frames and prior do not fit each other
 */
export function writeInspectPage(
  dir: string,
  prior: Prior,
  frames: ViewFrames,
  pixelFrames: readonly (readonly [number, number])[],
): string {
  const { info } = prior;
  const facts: [string, string][] = [
    ['video', `${info.video.file} (${info.video.verdict}, sha256 ${info.video.sha256.slice(0, 12)})`],
    ['model', `${info.model.vdm} (${info.model.weights} weights, ${info.model.dtype} on ${info.model.device})`],
    ['key', info.key],
    ['made', `${info.createdAt} by ${info.code}`],
  ];
  const title = `Motion prior of ${info.id}`;
  const body = html`<h1>${title}</h1>
${randomBanner(info.model.weights)}
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${priorSection({ prior, frames, pixelFrames }, 1)}
<h2>Options</h2>
<pre>${JSON.stringify(info.options, null, 2)}</pre>`;
  makeFolder(dir);
  const path = join(dir, 'index.html');
  writePage(path, document(title, body));
  return path;
}
