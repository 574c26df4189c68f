import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CogVideoX } from '@motion-enhancer/core/internal/prior/diffusion/cogvideox/load-cogvideox.js';
import { liveTensors } from '@motion-enhancer/libtorch';
import type { Motion } from '@motion-enhancer/motion-world/internal/recognise/motion.js';
import { type Scores, scoresOf, type Verdict } from '@motion-enhancer/motion-world/internal/recognise/score.js';
import { scoreSamples } from '@motion-enhancer/motion-world/internal/recognise/score-samples.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { command } from './world-score-samples.js';

const SHIPPED = fileURLToPath(new URL('../../../../models/world/vdm', import.meta.url));

test('shares, and what a shape is taken for most often', () => {
  const left: Motion = { kind: 'slide', direction: 0 };
  const up: Motion = { kind: 'slide', direction: 2 };
  const grows: Motion = { kind: 'resize', way: 'grows' };
  const shape = (said: 'star' | 'ring', seen: Verdict['seen']['shape'], motions: [Motion | null, Motion | null]) => ({
    ...{ id: '', caption: '', overlap: seen === null ? 0 : 0.6 },
    said: { shape: said, colour: 'red', motion: motions[0] } as const,
    seen: { shape: seen, colour: seen === null ? null : 'red', motion: motions[1] } as const,
  });
  const scores = scoresOf([
    shape('star', 'star', [left, left]),
    shape('star', 'circle', [left, up]),
    shape('star', null, [grows, null]),
    shape('star', 'circle', [grows, grows]),
    shape('ring', 'ring', [null, null]),
  ]);
  const counts = ({ right, total }: { right: number; total: number }) => [right, total];
  assert.deepEqual(counts(scores.shape), [2, 5]);
  assert.deepEqual(counts(scores.colour), [4, 5]);
  assert.deepEqual(counts(scores.slide), [1, 2]);
  assert.deepEqual(counts(scores.resize), [1, 2]);
  assert.deepEqual(counts(scores.motion), [2, 4]);
  assert.ok(Math.abs(scores.overlap - 0.48) < 1e-12);
  assert.deepEqual(
    scores.shapes.map(({ shape, right, total, mistake }) => ({ shape, right, total, mistake })),
    [
      { shape: 'star', right: 1, total: 4, mistake: { seen: 'circle', count: 2 } },
      { shape: 'ring', right: 1, total: 1, mistake: null },
    ],
  );
});

test('the command scores a sample of the shipped model, the clip and its copy', async () => {
  const before = liveTensors();
  const out = join(temporaryFolder(), 'scores.json');
  const lines: string[] = [];
  const log = mock.method(console, 'log', (line: string) => void lines.push(line));
  try {
    const argv = ['--split', 'train', '--count', '1', '--sample-steps', '2', '--device', 'cpu', '--out', out];
    assert.equal(await command.run(['--vdm', SHIPPED, ...argv]), 0);
  } finally {
    log.mock.restore();
  }
  assert.equal(liveTensors(), before);
  const found = JSON.parse(readFileSync(out, 'utf8'));
  assert.equal(found.settings.sampleSteps, 2);
  for (const source of ['clips', 'copies']) {
    const { shape, colour } = found[source].scores as Scores;
    assert.deepEqual([shape.accuracy, colour.accuracy], [1, 1], source);
  }
  assert.equal(found.samples.scores.shape.total, 1);
  assert.match(lines.join('\n'), /^\| chance \| 12\.5 .*\n\| the clips \| 100\.0 \(20\.7–100\.0\), 1 of 1 /m);
});

test('other models and indices that are too large are told before any work', async () => {
  const vdm = { dir: 'big', vae: { config: { temporalCompression: 4 } } } as unknown as CogVideoX;
  const o = { split: 'test', first: 0, count: 1, sampleSteps: 1, guidance: 4, seed: 0 } as const;
  assert.throws(() => scoreSamples(vdm, o), {
    code: 'ERR_VALUE',
    message: /temporal_compression_ratio of 1 .* big .*4/,
  });
  const past = ['--vdm', 'nowhere', '--first', String(2 ** 26), '--count', '1'];
  await assert.rejects(command.run(past), { code: 'ERR_VALUE', message: /index/ });
});
