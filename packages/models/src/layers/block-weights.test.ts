import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Checkpoints,
  liveTensors,
  manualSeed,
  noGrad,
  openSafetensors,
  randn,
  residentWeights,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { loadInternVL3 } from '../internvl3/index.js';
import { IMAGE_TOKEN } from '../internvl3/testing.js';
import { type Grid, loadQwen25VL } from '../qwen2-5-vl/index.js';
import { fixture } from '../qwen2-5-vl/testing.js';
import type { Qwen2BlockWeights, WrapBlock } from '../vlm-common/language/weights.js';
import { type Alive, copiedWeights } from './testing.js';

const SEED = freshSeed();
const ROWS = [2, 9];

/** A model of a family and its passes over one sample. */
interface Case {
  model: { parameters(): ReadonlyMap<string, Tensor>; dispose(): void };
  encode(checkpoints: Checkpoints | null): Tensor;
  forward(visual: Tensor | null, checkpoints: Checkpoints | null): { logits: Tensor; rows: Tensor | null };
  blocks: number;
}

interface LoadOptions {
  trainable: boolean;
  wrapBlock?: WrapBlock | undefined;
}

const CASES: Record<string, (o: LoadOptions) => Case> = {
  'Qwen2.5-VL': (o) => {
    const model = loadQwen25VL(fixture('reference/qwen2_5_vl/model'), { device: 'cpu', dtype: 'float32', ...o });
    const file = openSafetensors(fixture('reference/qwen2_5_vl/step.safetensors'));
    const read = (name: string) => file.read(name);
    const [patches, grid] = [read('pixel_values_videos'), read('video_grid_thw').tolist() as unknown as Grid[]];
    const [ids, positions_3BN] = [read('input_ids'), read('position_ids')];
    file.close();
    return {
      model,
      encode: (checkpoints) => model.encodeVisual(patches, grid, checkpoints),
      forward: (visual, checkpoints) => model.forward({ ids, visual, positions_3BN, rows: ROWS, checkpoints }),
      blocks: model.config.vision.depth + model.config.text.numHiddenLayers,
    };
  },
  InternVL3: (o) => {
    const model = loadInternVL3(fixture('reference/internvl3/model'), {
      ...{ device: 'cpu', dtype: 'float32', imageTokenId: IMAGE_TOKEN },
      ...o,
    });
    const pixels = randn([2, 3, 56, 56]);
    const ids = [[5, 6, ...new Array<number>(8).fill(IMAGE_TOKEN), 7, 8, 9, 10]];
    return {
      model,
      encode: (checkpoints) => model.encodeVisual(pixels, checkpoints),
      forward: (visual, checkpoints) => model.forward({ ids, visual, rows: ROWS, checkpoints }),
      blocks: model.config.vision.numLayers + model.config.text.numHiddenLayers,
    };
  },
};

/** Logits, attention rows and every parameter's gradient of one training step, as numbers. */
function step({ model, encode, forward }: Case, checkpoints: Checkpoints): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  scope(() => {
    const { logits, rows } = forward(encode(checkpoints), checkpoints);
    found.set('logits', logits.flatten().toArray());
    found.set('rows', rows!.flatten().toArray());
    checkpoints.backward(logits.square().mean().add(rows!.square().sum()));
    for (const [name, parameter] of model.parameters()) {
      found.set(name, parameter.grad!.flatten().toArray());
      parameter.grad = null;
    }
  });
  checkpoints.close();
  return found;
}

for (const [name, make] of Object.entries(CASES)) {
  const inTest = (title: string, body: () => void) =>
    test(`${name}: ${title} (seed ${SEED})`, () => {
      const before = liveTensors();
      scope(body);
      assert.equal(liveTensors(), before);
    });
  const loaded = (o: LoadOptions): Case => {
    manualSeed(SEED);
    return make(o);
  };

  inTest('weights that come and go train bit for bit as those that stay', () => {
    const resident = loaded({ trainable: true });
    const wanted = step(resident, new Checkpoints());
    resident.model.dispose();
    const alive: Alive = { now: 0, max: 0, fetched: 0 };
    const copied = loaded({ trainable: true, wrapBlock: (weights) => copiedWeights(weights, alive) });
    const got = step(copied, new Checkpoints());
    assert.deepEqual([...got.keys()], [...wanted.keys()]);
    for (const [part, values] of wanted) assert.deepEqual(got.get(part), values, part);
    assert.deepEqual(alive, { now: 0, max: 2, fetched: 2 * copied.blocks });
    copied.model.dispose();
  });

  inTest('frozen weights that come and go are not computed again where nothing before them learns', () => {
    const alive: Alive = { now: 0, max: 0, fetched: 0 };
    const { model, encode, forward, blocks } = loaded({
      trainable: false,
      wrapBlock: (weights) => copiedWeights(weights, alive),
    });
    const checkpoints = new Checkpoints();
    const visual = encode(checkpoints);
    const { logits } = forward(visual, checkpoints);
    assert.equal(logits.requiresGrad, false);
    assert.deepEqual(alive, { now: 0, max: 2, fetched: blocks });
    checkpoints.close();
    noGrad(() => forward(encode(null), null));
    assert.deepEqual(alive, { now: 0, max: 2, fetched: 2 * blocks });
    model.dispose();
  });

  inTest('gradients through weights that go need checkpoints', () => {
    const alive: Alive = { now: 0, max: 0, fetched: 0 };
    const { model, encode } = loaded({ trainable: true, wrapBlock: (weights) => copiedWeights(weights, alive) });
    assert.throws(() => encode(null), /need Checkpoints where gradients are recorded/);
    assert.equal(alive.now, 0);
    model.dispose();
  });

  inTest('low-rank adapters learn over frozen weights, whether those stay or come and go', () => {
    const learned = (wrap: WrapBlock): number[][] => {
      const adapters: Tensor[] = [];
      const one = loaded({
        trainable: false,
        wrapBlock(weights, name) {
          const { self_attn } = weights as Partial<Qwen2BlockWeights>;
          if (self_attn) {
            const [out, width] = self_attn.q_proj.weight.shape as [number, number];
            const make = (...shape: number[]) => randn(shape).mul(0.1).requiresGrad_();
            self_attn.q_proj.adapter = { a: make(2, width), b: make(out, 2), scale: 2 };
            adapters.push(self_attn.q_proj.adapter.a, self_attn.q_proj.adapter.b);
          }
          return wrap(weights, name);
        },
      });
      const checkpoints = new Checkpoints();
      const found = scope(() => {
        const { logits, rows } = one.forward(one.encode(checkpoints), checkpoints);
        checkpoints.backward(logits.square().mean().add(rows!.square().sum()));
        for (const parameter of one.model.parameters().values()) assert.equal(parameter.grad, null);
        return adapters.map((adapter) => adapter.grad!.flatten().toArray() as number[]);
      });
      checkpoints.close();
      for (const adapter of adapters) adapter.grad = null;
      one.model.dispose();
      return found;
    };
    const alive: Alive = { now: 0, max: 0, fetched: 0 };
    const wanted = learned(residentWeights);
    assert.ok(wanted.length >= 4 && wanted.every((values) => values.some((value) => value !== 0)));
    assert.deepEqual(
      learned((weights) => copiedWeights(weights, alive)),
      wanted,
    );
    assert.equal(alive.max, 2);
  });
}
