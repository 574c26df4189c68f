import type { Proportion } from '@motion-enhancer/core/internal/eval/metrics/wilson.js';
import { CHANCE, type Scores } from './score.js';
import { type SampleScores, SOURCES, type Source } from './score-samples.js';

const NAMES: Readonly<Record<Source, string>> = {
  clips: 'the clips',
  copies: 'the autoencoder’s copies',
  samples: 'samples',
};

const percent = (share: number): string => (100 * share).toFixed(1);
const interval = ({ right, total, accuracy, low, high }: Proportion): string =>
  total === 0 ? '–' : `${percent(accuracy)} (${percent(low)}–${percent(high)}), ${right} of ${total}`;

/** Chance of guesses over slides and resizes as they are mixed here. */
const motionChance = ({ slide, resize, motion }: Scores): string =>
  motion.total === 0 ? '–' : percent((CHANCE.slide * slide.total + CHANCE.resize * resize.total) / motion.total);

/** Whoever calls everything a circle is right about one shape of eight here, however many captions have circles. */
const meanOfShapes = ({ shapes }: Scores): number =>
  shapes.reduce((sum, { accuracy }) => sum + accuracy, 0) / shapes.length;

/** The scores as Markdown tables. */
export function sampleScoresText(found: SampleScores, weights: 'trained' | 'random'): string {
  const { scores } = found.samples;
  const { total } = scores.shape;
  const rows = SOURCES.map((source) => {
    const { shape, colour, slide, resize, motion, overlap } = found[source].scores;
    return `| ${NAMES[source]} | ${[shape, colour, slide, resize, motion].map(interval).join(' | ')} | ${overlap.toFixed(2)} |`;
  });
  const shapes = scores.shapes.map(({ shape, total: count, mistake }, i) => {
    const cells = SOURCES.map((source) => percent(found[source].scores.shapes[i]!.accuracy));
    return `| ${shape} | ${count} | ${cells.join(' | ')} | ${mistake ? `${mistake.seen}, ${mistake.count}` : '–'} |`;
  });
  return [
    `What is recognised in ${total} videos${weights === 'random' ? ' of UNTRAINED random weights' : ''}, right in % (95 % interval). Motion: the direction of captions with one slide and whether things grow or shrink; swaying, hopping, spinning on the spot and two slides (${total - scores.motion.total} captions) are not scored. Overlap: mean of the best intersection over union with the caption's shape.`,
    '',
    '| seen in | shape | colour | slide’s direction | grows or shrinks | motion, both | overlap |',
    '|---|---|---|---|---|---|---|',
    `| chance | ${[CHANCE.shape, CHANCE.colour, CHANCE.slide, CHANCE.resize].map(percent).join(' | ')} | ${motionChance(scores)} | |`,
    ...rows,
    '',
    '| shape | captions | clips | copies | samples | most frequent mistake in samples |',
    '|---|---|---|---|---|---|',
    ...shapes,
    `| mean of shapes | | ${SOURCES.map((source) => percent(meanOfShapes(found[source].scores))).join(' | ')} | |`,
  ].join('\n');
}
