import type { TrainPlan } from '@motion-enhancer/core/internal/train/run/train-plan.js';
import { bytesText } from './progress-text.js';

const billions = (n: number) => (n >= 1e8 ? `${(n / 1e9).toFixed(2)} G` : `${(n / 1e6).toFixed(2)} M`);

/** A plan as a table, a line a number of GPUs and sharding. */
export function trainPlanText({ name, parameters, learned, dtype, plans }: TrainPlan): string {
  const rows = [
    ['GPUs', 'sharding', 'weights', 'masters', 'moments', 'gradients', 'of each GPU'],
    ...plans.map(({ ranks, sharding, weights, masters, moments, gradients, total }) => [
      ...[String(ranks), sharding],
      ...[weights, masters, moments, gradients, total].map(bytesText),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return [
    `${name}, ${dtype}: ${billions(parameters)} parameters, ${billions(learned)} of them learn; activations come on top`,
    ...rows.map((row) =>
      row.map((cell, c) => (c === 1 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  '),
    ),
  ].join('\n');
}
