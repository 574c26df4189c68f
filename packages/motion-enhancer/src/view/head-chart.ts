import type { RgbImage } from '../data/image/index.js';
import type { PriorInfo } from '../prior/store/prior.js';
import { rankedHeads } from './head-measure.js';
import { drawText, fillRectangle, INK, picture, type Rgb, textWidth } from './picture.js';

const PLOT_HEIGHT = 180;
const MARGIN = { left: 52, right: 16, top: 34, bottom: 34 };
const DROPPED: Rgb = [92, 92, 104];

/** Bars of what the heads were ranked by, in the order of the heads; the kept ones in colour. */
export function headChart(info: Pick<PriorInfo, 'heads' | 'options'>, footer: readonly string[] = []): RgbImage {
  const { heads } = info;
  const { ranked, by } = rankedHeads(info);
  const step = Math.max(6, Math.min(34, Math.floor(900 / Math.max(1, heads.length))));
  const header = `head ${by === 'score' ? 'scores' : by}   kept ${heads.filter((head) => head.kept).length} of ${heads.length} (orange)`;
  const widest = Math.max(...[header, ...footer].map((text) => textWidth(text)));
  const width = Math.max(MARGIN.left + heads.length * step + MARGIN.right, widest + 24);
  const height = MARGIN.top + PLOT_HEIGHT + MARGIN.bottom + footer.length * 14;
  const image = picture(width, height);
  drawText(image, header, { x: 12, y: 12 }, INK.text);

  const measures = new Map(ranked.map(({ head, measure }) => [head, measure]));
  const scores = heads.map((head) => (Number.isFinite(measures.get(head)) ? measures.get(head)! : 0));
  const top = Math.max(0, ...scores);
  const bottom = Math.min(0, ...scores);
  const span = top - bottom || 1;
  const y = (score: number): number => MARGIN.top + ((top - score) / span) * PLOT_HEIGHT;
  for (const tick of new Set([top, 0, bottom])) {
    fillRectangle(
      image,
      { left: MARGIN.left, top: y(tick), width: heads.length * step, height: 1 },
      tick === 0 ? INK.faint : INK.line,
    );
    const label = tick.toFixed(2);
    drawText(image, label, { x: MARGIN.left - 6 - textWidth(label), y: Math.round(y(tick)) - 3 }, INK.faint);
  }
  const labelEvery = Math.ceil(22 / step);
  heads.forEach((head, index) => {
    const score = scores[index]!;
    const left = MARGIN.left + index * step;
    const from = Math.min(y(0), y(score));
    const gap = step > 10 ? 2 : 1;
    fillRectangle(
      image,
      { left: left + gap, top: from, width: step - 2 * gap, height: Math.max(1, Math.abs(y(score) - y(0))) },
      head.kept ? INK.accent : DROPPED,
    );
    if (index % labelEvery === 0) {
      const label = String(index);
      drawText(
        image,
        label,
        { x: Math.round(left + (step - textWidth(label)) / 2), y: MARGIN.top + PLOT_HEIGHT + 10 },
        head.kept ? INK.text : INK.faint,
      );
    }
  });
  footer.forEach((text, line) => {
    drawText(image, text, { x: 12, y: height - 14 * (footer.length - line) }, INK.warning);
  });
  return image;
}
