import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { writeFileAtomically, writeFully } from '@motion-enhancer/support';
import { Html, html } from './html.js';
import { SCRIPT, STYLE } from './page-assets.js';

/**
 * A page shows texts of data sets and models. Whatever slipped into one could run no script, load nothing and send nothing:
 * pictures are inside, and the only script is ours, by its hash.
 */
const POLICY = [
  "default-src 'none'",
  'img-src data:',
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** A whole page: style and script inside, nothing fetched. */
export function document(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text;
}

/** Said of everything that random weights made. */
export function randomBanner(weights: 'trained' | 'random'): Html | null {
  if (weights !== 'random') return null;
  return html`<p class="banner" role="note"><strong>Untrained random weights: the maps mean nothing.</strong>
This run shows that every step works, from the video to the answer, and how long each takes. Heat, head scores,
chosen words, losses and answers are what chance made of them. With trained checkpoints the same commands give real ones.</p>`;
}

export function writePage(path: string, page: string): void {
  const bytes = Buffer.from(page, 'utf8');
  writeFileAtomically(path, bytes.length, (fd) => writeFully(fd, bytes));
}

/** A PNG inside of the page. */
export function pngUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64')}`;
}
