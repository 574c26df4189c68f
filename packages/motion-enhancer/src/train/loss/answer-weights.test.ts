import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Checkpoints, rand, randn, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { answerLoss } from './answer-loss.js';
import { weighAnswers } from './answer-weights.js';

test('the k-th run of labels is the k-th answer’s', () => {
  const labels = [-100, -100, 5, 6, -100, 7, -100, -100, 8, 9];
  const turns = (...weights: (number | undefined)[]) =>
    weights.flatMap((weight) => [
      { role: 'user' as const },
      { role: 'assistant' as const, ...(weight === undefined ? {} : { weight }) },
    ]);
  assert.deepEqual(weighAnswers(labels, turns(undefined, 1, undefined)), { labels, weights: null });
  assert.deepEqual(weighAnswers(labels, turns(undefined, 0, 1)), {
    labels: [-100, -100, 5, 6, -100, -100, -100, -100, 8, 9],
    weights: null,
  });
  assert.deepEqual(weighAnswers(labels, turns(0, 0.5, undefined)), {
    labels: [-100, -100, -100, -100, -100, 7, -100, -100, 8, 9],
    weights: [0, 0, 0, 0, 0, 0.5, 0, 0, 1, 1],
  });
});

tensorTest(
  'the loss of answers: in pieces and at once, with weights, with gradients; full logits never stand at once',
  () => {
    scope(() => {
      const [N, C, V] = [13, 6, 11];
      const asked = [0, 2, 3, 5, 7, 8, 11];
      const targets = asked.map((_, i) => (3 * i) % V);
      const weights = asked.map((_, i) => (i + 1) / 4);
      const start = randn([1, N, C]);
      const head0 = rand([V, C]);
      for (const given of [null, weights]) {
        const results = [100, 3].map((atOnce) => {
          const hidden = start.clone().requiresGrad_();
          const head = head0.clone().requiresGrad_();
          const logits = (x: Tensor) => x.matmul(head.transpose(0, 1));
          const checkpoints = new Checkpoints();
          try {
            const loss = answerLoss({ hidden, logits, asked, targets, weights: given }, checkpoints, atOnce);
            checkpoints.backward(loss);
            return [loss.item(), ...hidden.grad!.flatten().toArray(), ...head.grad!.flatten().toArray()] as number[];
          } finally {
            checkpoints.close();
            for (const leaf of [hidden, head]) leaf.grad = null;
          }
        });
        closeTo(results[1]!, results[0]!, 1e-6);
        const logP = start.select(0, 0).matmul(head0.transpose(0, 1)).to('float64').logSoftmax(-1);
        const explicit = asked.map((i, k) => -logP.select(0, i).select(0, targets[k]!).item() * (given?.[k] ?? 1));
        closeTo([results[0]![0]!], [explicit.reduce((a, b) => a + b, 0) / asked.length], 1e-6);
      }
      assert.equal(tensor(asked).numel, asked.length);
    });
  },
);
