import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { backward, Checkpoints, grad, noGrad, openSafetensors, scope, type Tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { loadQwen25VL } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import { fixture, freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { Aligner, alignmentLoss } from '../../align/index.js';
import { qwen25VLModel } from '../../vlm/families/qwen2-5-vl/model.js';
import type { Network, VlmModel } from '../../vlm/types.js';
import { alignedStep, type StepChat, type StepPrior } from './step.js';

const folder = fixture('reference/qwen2_5_vl');
const about = JSON.parse(readFileSync(`${folder}/step.json`, 'utf8')) as {
  words: number[][];
  visual: [number, number];
  visual_grid: [number, number, number];
  prior_grid: [number, number, number];
};
const SEED = freshSeed();
const toGrid = ([frames, height, width]: [number, number, number]) => ({ frames, height, width });

function withStep(body: (vlm: VlmModel, chat: StepChat, prior: StepPrior) => void): void {
  const model = loadQwen25VL(`${folder}/model`, { device: 'cpu', dtype: 'float32', trainable: true });
  const file = openSafetensors(`${folder}/step.safetensors`);
  try {
    scope(() =>
      body(
        qwen25VLModel(model),
        {
          ids: file.read('input_ids').toArray(),
          labels: file.read('labels').toArray(),
          positions: file.read('position_ids'),
          inputs: [
            {
              pixels: file.read('pixel_values_videos'),
              grid: file.read('video_grid_thw').toArray() as [number, number, number],
            },
          ],
        },
        {
          rows_WS: file.read('prior'),
          grid: toGrid(about.prior_grid),
          words: about.words,
          visual: [about.visual[0], about.visual[1] + 1],
          visualGrid: toGrid(about.visual_grid),
        },
      ),
    );
  } finally {
    file.close();
    model.dispose();
  }
}

/** Mean of −log p(label i | tokens before i) over the places that carry loss, from all logits. */
function explicitLoss(vlm: VlmModel, chat: StepChat, labels: readonly number[]): number {
  return noGrad(() =>
    scope(() => {
      const { logits } = vlm.forward(chat, { visual: vlm.encode(chat.inputs) });
      const logP = logits.select(0, 0).to('float64').logSoftmax(-1);
      const [N, V] = logP.shape as [number, number];
      assert.equal(N, chat.ids.length);
      const values = logP.toTypedArray() as Float64Array;
      const losses = labels.flatMap((label, i) => (i > 0 && label !== -100 ? [-values[(i - 1) * V + label]!] : []));
      return losses.reduce((a, b) => a + b, 0) / losses.length;
    }),
  );
}

const identity = new Aligner('identity', 0, 0, []);

tensorTest(`loss is taken where labels say, of the token before (seed ${SEED})`, () => {
  withStep((vlm, chat) => {
    const random = randomSource(SEED);
    const none = chat.ids.map(() => -100);
    const some = chat.ids.map((id) => (random.next() < 0.2 ? id : -100));
    some[0] = chat.ids[0]!; // nothing comes before it: no loss
    some[5] = chat.ids[5]!;
    const last = none.with(-1, 3);
    for (const labels of [chat.labels, some, last]) {
      const step = noGrad(() => alignedStep(vlm, identity, { chat: { ...chat, labels }, prior: null }));
      assert.deepEqual([step.lossAlign, step.attention, step.resized], [null, null, null]);
      closeTo([step.lossAr.item()], [explicitLoss(vlm, chat, labels)], 1e-5);
    }
    for (const labels of [none, none.with(0, chat.ids[0]!)])
      assert.throws(
        () => alignedStep(vlm, identity, { chat: { ...chat, labels }, prior: null }),
        (e) => e instanceof UserError && e.code === 'ERR_DATA',
      );
  });
});

tensorTest(
  'attention of the words over the video: finite, not negative, at most 1 in all; the loss is that of the resized rows',
  () => {
    withStep((vlm, chat, prior) => {
      for (const kind of ['norm', 'squared', 'min-max'] as const) {
        const step = noGrad(() => alignedStep(vlm, identity, { chat, prior }, { kind }));
        const attention = step.attention!;
        assert.deepEqual(attention.shape, [prior.words.length, prior.visual[1] - prior.visual[0]]);
        assert.deepEqual(step.resized!.shape, prior.rows_WS.shape);
        assert.ok(attention.isfinite().all().item() === 1 && attention.min().item() > 0);
        for (const sum of attention.sum(1).toArray()) assert.ok(sum > 0 && sum <= 1, `${sum}`);
        closeTo([step.lossAlign!.item()], [alignmentLoss(step.resized!, prior.rows_WS, kind).item()], 1e-6);
        closeTo([step.lossAr.item()], [explicitLoss(vlm, chat, chat.labels)], 1e-5);
      }
    });
  },
);

tensorTest('the alignment loss alone reaches the vision tower, the merger and the decoder', () => {
  withStep((vlm, chat, prior) => {
    const parameters = [...vlm.model.parameters()].filter(([name]) =>
      /layers\.0\.self_attn\.[qk]_proj\.weight|merger\.mlp\.2\.weight|blocks\.0\.attn\.qkv\.weight/.test(name),
    );
    assert.ok(parameters.length >= 4, parameters.map(([name]) => name).join());
    const { lossAlign } = alignedStep(vlm, identity, { chat, prior });
    const gradients: Tensor[] = grad(
      [lossAlign!],
      parameters.map(([, t]) => t),
    );
    for (const [i, gradient] of gradients.entries()) {
      assert.ok(gradient.isfinite().all().item() === 1 && gradient.abs().max().item() > 0, parameters[i]![0]);
    }
  });
});

/** Gradients of both losses by every parameter that has one, and the losses. */
function gradients(
  model: Network,
  run: (checkpoints: Checkpoints | null) => { lossAr: Tensor; lossAlign: Tensor | null },
  recompute: boolean,
): { losses: number[]; byName: Map<string, number[]> } {
  const checkpoints = recompute ? new Checkpoints() : null;
  const byName = new Map<string, number[]>();
  const losses = scope(() => {
    const { lossAr, lossAlign } = run(checkpoints);
    // The weight makes a wrong share of either part visible.
    const loss = lossAr.add(lossAlign!, 37);
    if (checkpoints) checkpoints.backward(loss);
    else backward([loss]);
    return [lossAr.item(), lossAlign!.item()];
  });
  for (const [name, parameter] of model.parameters()) {
    const { grad: gradient } = parameter;
    if (gradient)
      byName.set(
        name,
        scope(() => gradient.flatten().toArray()),
      );
    parameter.grad = null;
  }
  checkpoints?.close();
  return { losses, byName };
}

tensorTest(
  'blocks computed again in the backward pass: every gradient as without, the attention rows’ part too',
  () => {
    withStep((vlm, chat, prior) => {
      const identity = new Aligner('identity', 0, 0, []);
      const run = (checkpoints: Checkpoints | null) => alignedStep(vlm, identity, { chat, prior }, { checkpoints });
      const plain = gradients(vlm.model, run, false);
      const again = gradients(vlm.model, run, true);
      assert.deepEqual(again.losses, plain.losses);
      assert.deepEqual([...again.byName.keys()].sort(), [...plain.byName.keys()].sort());
      assert.equal(plain.byName.size, vlm.model.parameters().size);
      for (const [name, gradient] of plain.byName) closeTo(again.byName.get(name)!, gradient, 2e-6, name);
    });
  },
);
