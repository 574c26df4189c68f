import { type MemoryPlan, memoryOf } from '@motion-enhancer/core/internal/vlm/index.js';
import { bytesText } from './progress-text.js';

/** A plan as a table, and whether the device would hold it. */
export function planText(plan: MemoryPlan, device: string): string {
  const { size, parameters, dtypes } = plan;
  const lengths = dtypes[0]!.chats.map(({ tokens }) => tokens);
  const rows: [string, ...string[]][] = [
    ['', ...dtypes.map(({ dtype }) => dtype)],
    ['weights', ...dtypes.map(({ weights }) => bytesText(weights))],
    ['cache, one token', ...dtypes.map(({ cachePerToken }) => bytesText(cachePerToken))],
    ...lengths.flatMap((tokens, i): [string, ...string[]][] => [
      [`cache, ${tokens} tokens`, ...dtypes.map(({ chats }) => bytesText(chats[i]!.cache))],
      [`prefill, ${tokens} tokens, about`, ...dtypes.map(({ chats }) => bytesText(chats[i]!.working))],
      [`a chat of ${tokens} tokens, about`, ...dtypes.map(({ chats }) => bytesText(chats[i]!.total))],
    ]),
    ['training, without activations', ...dtypes.map(({ training }) => bytesText(training))],
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  '),
  );
  return [
    `${plan.name}, ${size.layers} layers, up to ${size.context} tokens`,
    `parameters: vision ${countText(size.vision)} + merger ${countText(size.merger)} + language ${countText(size.language)} = ${countText(parameters)}`,
    ...table,
    fits(plan, device),
  ].join('\n');
}

function fits({ dtypes }: MemoryPlan, device: string): string {
  const { name, total } = memoryOf(device);
  const verdicts = dtypes.map(({ dtype, weights, chats }) => {
    const held = chats.filter((chat) => chat.total <= total).at(-1);
    if (held) return `${dtype}: a chat of ${held.tokens} tokens fits`;
    return weights <= total ? `${dtype}: the weights fit, longer chats do not` : `${dtype}: the weights do not fit`;
  });
  return `${name}, ${bytesText(total)}: ${verdicts.join('; ')}. A model runs on one device here.`;
}

/** 3750000000 → `3.75 G` */
function countText(count: number): string {
  return count >= 1e8 ? `${(count / 1e9).toFixed(2)} G` : `${(count / 1e6).toFixed(2)} M`;
}
