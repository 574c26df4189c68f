import assert from 'node:assert/strict';
import { backward, Checkpoints, grad, noGrad, randn, scope, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { loadInternVL3, loadQwen25VL } from '@motion-enhancer/models';
import { fixture, freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { Aligner } from '../../align/index.js';
import { internVL3Model } from '../../vlm/families/internvl3/model.js';
import { qwen25VLModel } from '../../vlm/families/qwen2-5-vl/model.js';
import type { VlmModel } from '../../vlm/types.js';
import { alignedStep, type StepChat, type StepPrior } from './step.js';

const SEED = freshSeed();
const IMAGE_TOKEN = 310;
const identity = new Aligner('identity', 0, 0, []);

/** A question about three frames of 2 × 2 tokens with text between them, and its answer of five tokens. */
function sampleOf(): { chat: StepChat; prior: StepPrior } {
  const random = randomSource(SEED);
  const words = (n: number) => Array.from({ length: n }, () => 3 + Math.floor(random.next() * 280));
  const frame = () => [...words(2), ...new Array<number>(4).fill(IMAGE_TOKEN), ...words(1)];
  const asked = [...words(3), ...frame(), ...frame(), ...frame(), ...words(4)];
  const ids = [...asked, ...words(5)];
  const visualPositions = ids.flatMap((id, i) => (id === IMAGE_TOKEN ? [i] : []));
  const grid = { frames: 3, height: 2, width: 2 };
  return {
    chat: {
      ids,
      labels: ids.map((id, i) => (i < asked.length ? -100 : id)),
      positions: null,
      inputs: [{ pixels: randn([3, 3, 56, 56]), grid: [3, 1, 1] }],
    },
    prior: {
      rows_WS: randn([2, 12]).softmax(-1),
      grid,
      visualGrid: grid,
      words: [[asked.length], [asked.length + 2, asked.length + 3]],
      visual: [visualPositions[0]!, visualPositions.at(-1)! + 1],
      visualPositions,
    },
  };
}

function withModel(body: (vlm: VlmModel) => void): void {
  const dir = fixture('reference/internvl3/model-remote');
  const o = { device: 'cpu', dtype: 'float32', trainable: true, imageTokenId: IMAGE_TOKEN } as const;
  const model = loadInternVL3(dir, o);
  try {
    scope(() => body(internVL3Model(model)));
  } finally {
    model.dispose();
  }
}

tensorTest(
  `InternVL3: attention is read at the visual tokens only, text between frames left out (seed ${SEED})`,
  () => {
    withModel((vlm) => {
      const { chat, prior } = sampleOf();
      noGrad(() => {
        const step = alignedStep(vlm, identity, { chat, prior });
        const all = Array.from(chat.ids, (_, i) => i);
        const { rows } = vlm.forward(chat, { visual: vlm.encode(chat.inputs), rows: all, logits: 'last' });
        const wanted = prior.words.map((tokens) =>
          rows!
            .indexSelect(0, tensor([...tokens], { dtype: 'int64' }))
            .mean(0)
            .indexSelect(0, tensor([...prior.visualPositions!], { dtype: 'int64' })),
        );
        assert.deepEqual(step.attention!.shape, [2, 12]);
        for (const [i, row] of wanted.entries())
          assert.ok(step.attention!.select(0, i).sub(row).abs().max().item() < 1e-6);
      });
    });
  },
);

tensorTest('InternVL3: the alignment loss alone reaches the vision tower, the projector and the decoder', () => {
  withModel((vlm) => {
    const { chat, prior } = sampleOf();
    const parameters = [...vlm.model.parameters()].filter(([name]) =>
      /layer\.0\.attention\.[qkv]_proj\.weight|linear_2\.weight|layers\.0\.self_attn\.q_proj\.weight/.test(name),
    );
    assert.equal(parameters.length, 5);
    const gradients = grad(
      [alignedStep(vlm, identity, { chat, prior }).lossAlign!],
      parameters.map(([, t]) => t),
    );
    for (const [i, gradient] of gradients.entries())
      assert.ok(gradient.isfinite().all().item() === 1 && gradient.abs().max().item() > 0, parameters[i]![0]);
  });
});

tensorTest("a chat of one family is not another's where positions are more than a count", () => {
  const model = loadQwen25VL(fixture('reference/qwen2_5_vl/model'), { device: 'cpu', dtype: 'float32' });
  const { ids } = sampleOf().chat;
  assert.throws(() => qwen25VLModel(model).forward({ ids, positions: null }), TypeError);
  model.dispose();
});

tensorTest(`InternVL3: blocks computed again give the same gradients (seed ${SEED})`, () => {
  withModel((vlm) => {
    const { chat, prior } = sampleOf();
    const taken = ([null, 'none', 'vision', 'llm', 'blocks'] as const).map((recompute) => {
      const checkpoints = new Checkpoints();
      const found = scope(() => {
        const step = alignedStep(vlm, identity, { chat, prior }, recompute ? { checkpoints, recompute } : {});
        const loss = step.lossAr.add(step.lossAlign!, 5);
        if (recompute) checkpoints.backward(loss);
        else backward([loss]);
        return new Map([...vlm.model.parameters()].map(([name, p]) => [name, p.grad!.flatten().toArray()]));
      });
      for (const p of vlm.model.parameters().values()) p.grad = null;
      checkpoints.close();
      return found;
    });
    for (const [name, gradient] of taken[0]!)
      for (const other of taken.slice(1)) closeTo(other.get(name)!, gradient, 1e-5, name);
  });
});
