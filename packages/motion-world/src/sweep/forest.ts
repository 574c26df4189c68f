// The picture of an experiment: how far every condition is from plain fine-tuning and from its own control.
import type { Forest } from '@motion-enhancer/core/internal/view/forest-plot.js';
import type { SetupComparison } from './compare.js';
import { intervalText, questionsLine, trainingLine } from './report.js';

/** Lines in the file are about as long as its plot is wide. */
const LINE = 92;

/** A row a condition, plain fine-tuning aside: the line at 0 stands for it. The numbers are the table's. */
export function sweepForest({ arms }: SetupComparison, notes: readonly string[] = []): Forest {
  const compared = arms.filter(({ arm }) => arm.prior !== 'none');
  return {
    title: 'Differences of accuracy to plain fine-tuning and to each arm’s control',
    series: [
      { name: 'difference to plain fine-tuning', column: '− plain' },
      { name: 'difference to the arm’s own control', column: '− control' },
    ],
    unit: 'points of accuracy over all questions: mean and 95 % interval',
    rows: compared.map(({ arm, name, toPlain, toControl }) => ({
      ...{ label: name, soft: arm.of === 'other' },
      marks: [toPlain.overall, toControl],
      texts: [intervalText(toPlain.overall), intervalText(toControl)],
    })),
    notes: notes.flatMap(wrapped),
  };
}

/** How many seeds and questions there are, and of what kind of model this speaks. */
export function scopeLine({ runs, arms }: SetupComparison): string {
  const pairs = arms.flatMap(({ pairs, toControl }) => [pairs, toControl.count]).filter((count) => count > 0);
  const [min, max] = [Math.min(...pairs), Math.max(...pairs)];
  const seeds = pairs.length === 0 ? '' : min === max ? `${max}` : `${min} to ${max}`;
  const counted = seeds ? `${seeds} seed${seeds === '1' ? '' : 's'} an arm, ` : '';
  return `${counted}${questionsLine(runs)}. These are this project’s mini models in a synthetic world: what alignment does to large models on real videos is not measured here.`;
}

/** What the line at 0 stands for. */
export function plainLine({ arms }: SetupComparison): string {
  const plain = arms.filter(({ arm }) => arm.prior === 'none');
  const accuracies = plain.map(
    ({ name, accuracy }) => `${accuracy.overall.toFixed(1)} %${plain.length > 1 ? ` (${name})` : ''}`,
  );
  return accuracies.length === 0
    ? 'There is no run of plain fine-tuning to compare with.'
    : `Plain fine-tuning answers ${accuracies.join(', ')} of the questions rightly.`;
}

/** What a picture without a page around it has to say. */
export function forestNotes(comparison: SetupComparison): string[] {
  return [
    scopeLine(comparison),
    plainLine(comparison),
    `Control: the same arm with maps of other clips. Training: ${trainingLine(comparison.runs)}`,
  ];
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= LINE) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
