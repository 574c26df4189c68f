import { encodePng } from '../data/image/index.js';
import type { Prior } from '../prior/store/prior.js';
import { timeLabel } from './heat-maps.js';
import { filmStrip, heatStrip } from './heat-strip.js';
import { Html, html } from './html.js';
import { latentStrip } from './latent-strip.js';
import { pngUrl } from './page-shell.js';
import { headTable, shortNumber, wordTable } from './tables.js';
import { thumbnails, type ViewFrames } from './thumbnails.js';
import { wordHeats } from './word-heat.js';

/** A prior with the frames that it was made from. */
export interface PriorView {
  prior: Prior;
  frames: ViewFrames;
  /** First and last frame of each token frame, places among `frames`. */
  pixelFrames: readonly (readonly [number, number])[];
}

const FRAME_WIDTH = 240;
const MAX_WORDS = 12;

/**
 * A prior on a page: its frames, the kept words' heat over them, moving together, and the tables of heads and words.
 * @param number tells the sections of a page apart
 */
export function priorSection({ prior, frames, pixelFrames }: PriorView, number: number): Html {
  const { info } = prior;
  const F = info.grid.frames;
  const images = thumbnails(frames, pixelFrames.slice(0, F), FRAME_WIDTH);
  const film = pngUrl(filmStrip(images));
  const ratio = `${images[0]!.width * F}/${images[0]!.height}`;
  const times = info.cell.seconds.map(([first, last]) => timeLabel(first, last));
  const heats = wordHeats(prior, MAX_WORDS);
  const strip = latentStrip(prior, frames, pixelFrames);
  const keptWords = info.words.filter((word) => word.kept).length;
  const keptHeads = info.heads.filter((head) => head.kept).length;
  return html`
<section id="prior-${number}" data-frames="${F}" data-times="${JSON.stringify(times)}" style="--f:0;--n:${F};--strip:${ratio}">
<style>#prior-${number} .strip{background-image:url(${new Html(film)})}</style>
<h2>${info.id}</h2>
<blockquote>${info.text}</blockquote>
<p class="soft">${F} token frames of ${info.grid.height} × ${info.grid.width} cells; each frame shown stands for
${pixelFrames.some(([first, last]) => last > first) ? 'the pixel frames of its time' : 'one pixel frame'}.
${keptHeads} of ${info.heads.length} heads and ${keptWords} of ${info.words.length} words were kept${
    keptWords > heats.length && ` (the ${heats.length} most salient are shown)`
  }.</p>
<figure class="film"><div class="window" tabindex="0"><div class="strip" role="img" aria-label="The video’s frames, one a token frame"></div></div></figure>
<div class="transport"><button type="button">Play</button><input type="range" min="0" max="${F - 1}" value="0" aria-label="Frame"><output></output></div>
<div class="grid">
<figure class="viewer"><div class="window"><div class="strip" role="img" aria-label="The video’s frames"></div></div>
<figcaption>video<small>${basename(info.video.file)}</small></figcaption></figure>
${heats.map(
  ({ word, frames: maps }) => html`
<figure class="viewer"><div class="window"><div class="strip"><img src="${pngUrl(heatStrip(maps))}" alt="Attention of ${word.text} over the frames"></div></div>
<figcaption>${word.text}<small>MS ${shortNumber(word.ms)}, z ${word.z.toFixed(2)}</small></figcaption></figure>`,
)}
</div>
<p class="soft">Heat is the text → video attention of a word, the mean of the kept heads, scaled by its own maximum over all frames.</p>
${
  strip &&
  html`<h3>Inversion and reconstruction</h3>
<p><img class="whole" src="${pngUrl(encodePng(strip))}" alt="The video, its inverted noise and the reconstruction, one column a token frame"></p>`
}
<h3>Words</h3>
${wordTable(info.words)}
<h3>Heads</h3>
${headTable(info)}
</section>`;
}

const basename = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;
