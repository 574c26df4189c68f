import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  aten,
  cat,
  liveTensors,
  manualSeed,
  noGrad,
  openSafetensors,
  randn,
  scope,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { KVCache } from '../vlm-common/language/kv-cache.js';
import { generate } from './generate.js';
import type { Grid } from './grid.js';
import { loadQwen25VL } from './load.js';
import type { Qwen25VL } from './model.js';
import { positionsTensor, ropeIndex } from './rope-index.js';
import { fixture, inTemporaryFolder } from './testing.js';

const RANDOM = randomSource(freshSeed());

const DIR = fixture('reference/qwen2_5_vl');
const load = (form: 'model' | 'model-hub' = 'model') =>
  loadQwen25VL(join(DIR, form), { device: 'cpu', dtype: 'float32' });
const worst = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();

/** A test on a loaded model that leaves no tensor behind. */
function modelTest(name: string, body: (model: Qwen25VL) => void, form: 'model' | 'model-hub' = 'model'): void {
  test(name, () => {
    const before = liveTensors();
    manualSeed(Date.now());
    const model = load(form);
    try {
      noGrad(() => scope(() => body(model)));
    } finally {
      model.dispose();
    }
    assert.equal(liveTensors(), before);
  });
}

const random = (n: number, below = 290) => Array.from({ length: n }, () => 3 + Math.floor(RANDOM.next() * (below - 3)));
/** Text around a video of `grid`. */
const videoIds = (model: Qwen25VL, grid: Grid) => [
  ...random(4),
  model.config.visionStartTokenId,
  ...new Array((grid[0] * grid[1] * grid[2]) / 4).fill(model.config.videoTokenId),
  model.config.visionEndTokenId,
  ...random(5),
];

modelTest(
  'the bfloat16, sharded, flat checkpoint gives the reference to bfloat16 weights',
  (model) => {
    const file = openSafetensors(join(DIR, 'step.safetensors'));
    const visual = model.encodeVisual(
      file.read('pixel_values_videos'),
      file.read('video_grid_thw').tolist() as unknown as Grid[],
    );
    const { logits } = model.forward({ ids: file.read('input_ids'), visual, positions_3BN: file.read('position_ids') });
    const reference = file.read('logits');
    const off = worst(logits, reference) / reference.abs().max().item();
    assert.ok(off > 0 && off < 0.03, `relative difference ${off}`);
    assert.deepEqual(model.config, configOfOtherForm());
    file.close();
  },
  'model-hub',
);

function configOfOtherForm() {
  const other = load('model');
  other.dispose();
  return other.config;
}

modelTest('tokens of one frame pair do not see another; a video alone and among others is the same', (model) => {
  const grids: Grid[] = [
    [2, 10, 14],
    [1, 8, 8],
    [1, 4, 18],
  ];
  const patches = grids.map(([t, h, w]) => randn([t * h * w, 1176]));
  const together = model.encodeVisual(cat(patches), grids);
  const alone = grids.map((grid, i) => model.encodeVisual(patches[i]!, [grid]));
  assert.ok(worst(together, cat(alone)) < 2e-5);
  const second = model.encodeVisual(patches[0]!.narrow(0, 140, 140), [[1, 10, 14]]);
  assert.ok(worst(alone[0]!.narrow(0, 35, 35), second) < 2e-5);
});

modelTest('rows: equal to eager attention in every layer, sums of 1, nothing of the future', (model) => {
  const ids = random(23);
  const { positions } = ropeIndex(ids, [], null, model.config);
  const positions_3BN = positionsTensor([positions]);
  const all = model.forward({ ids: [ids], positions_3BN, rows: ids.map((_, i) => i) }).rows!;
  assert.ok(worst(all.sum(-1), all.sum(-1).mul(0).add(1)) < 1e-5);
  assert.equal(all.triu(1).abs().max().item(), 0);
  const some = model.forward({ ids: [ids], positions_3BN, rows: [20, 3, 3] }).rows!;
  assert.ok(worst(some, all.indexSelect(0, tensor([20, 3, 3], { dtype: 'int64' }))) < 1e-6);
  const plain = model.forward({ ids: [ids], positions_3BN });
  assert.equal(plain.rows, null);
});

modelTest('logits: all, last and a list agree', (model) => {
  const ids = [random(9)];
  const positions_3BN = positionsTensor([ropeIndex(ids[0]!, [], null, model.config).positions]);
  const { logits, hidden } = model.forward({ ids, positions_3BN });
  assert.deepEqual([...logits.shape], [1, 9, 320]);
  assert.deepEqual([...hidden.shape], [1, 9, 64]);
  const last = model.forward({ ids, positions_3BN, logits: 'last' }).logits;
  const list = model.forward({ ids, positions_3BN, logits: [2, 8] }).logits;
  assert.ok(worst(last, logits.narrow(1, 8, 1)) < 1e-5);
  assert.ok(worst(list, logits.index([null, tensor([2, 8], { dtype: 'int64' })])) < 1e-5);
});

modelTest('a padded batch gives what its sequences give alone, left or right padding', (model) => {
  const grid: Grid = [1, 4, 6];
  const patches = randn([24, 1176]);
  const visual = model.encodeVisual(patches, [grid]);
  const long = videoIds(model, grid);
  const short = random(7);
  const rope = [ropeIndex(long, [grid], [1], model.config), ropeIndex(short, [], null, model.config)];
  const alone = [long, short].map(
    (ids, i) =>
      model.forward({
        ids: [ids],
        visual: i === 0 ? visual : null,
        positions_3BN: positionsTensor([rope[i]!.positions]),
      }).logits,
  );
  const gap = new Array(long.length - short.length).fill(0);
  for (const left of [false, true]) {
    const place = (list: readonly number[], fill: readonly number[]) =>
      left ? [...fill, ...list] : [...list, ...fill];
    const positions = rope[1]!.positions.map((axis) => place(axis, gap)) as [number[], number[], number[]];
    const { logits } = model.forward({
      ids: [long, place(short, gap)],
      visual,
      positions_3BN: positionsTensor([rope[0]!.positions, positions]),
      attentionMask: tensor(
        [
          long.map(() => 1),
          place(
            short.map(() => 1),
            gap,
          ),
        ],
        { dtype: 'int64' },
      ),
    });
    assert.ok(worst(logits.narrow(0, 0, 1), alone[0]!) < 2e-5);
    assert.ok(worst(logits.select(0, 1).narrow(0, left ? gap.length : 0, short.length), alone[1]!.select(0, 0)) < 2e-5);
    assert.equal(logits.isfinite().all().item(), 1);
  }
});

modelTest('a cache gives the same logits, token by token and in pieces', (model) => {
  const ids = random(12);
  const { positions } = ropeIndex(ids, [], null, model.config);
  const whole = model.forward({ ids: [ids], positions_3BN: positionsTensor([positions]) }).logits;
  const cache = new KVCache();
  const pieces: Tensor[] = [];
  for (const [from, to] of [
    [0, 5],
    [5, 6],
    [6, 10],
    [10, 11],
    [11, 12],
  ] as const) {
    const part = positions.map((axis) => axis.slice(from, to)) as [number[], number[], number[]];
    pieces.push(model.forward({ ids: [ids.slice(from, to)], positions_3BN: positionsTensor([part]), cache }).logits);
  }
  assert.equal(cache.length, 12);
  assert.ok(worst(cat(pieces, 1), whole) < 2e-5);
  cache.dispose();
});

modelTest('generate: greedy equals running the whole text again; stops; seeds repeat; penalty forbids', (model) => {
  const grid: Grid = [1, 4, 4];
  const visual = model.encodeVisual(randn([16, 1176]), [grid]);
  const ids = videoIds(model, grid);
  const input = { ids, visual, rope: ropeIndex(ids, [grid], [2], model.config) };
  const reply = generate(model, input, { maxNewTokens: 6, eosIds: [] });
  const text = [...ids];
  for (const id of reply) {
    const rope = ropeIndex(text, [grid], [2], model.config);
    const { logits } = model.forward({
      ids: [text],
      visual,
      positions_3BN: positionsTensor([rope.positions]),
      logits: 'last',
    });
    const best = logits.flatten();
    // A near tie may fall either way.
    assert.ok(best.max().item() - best.select(0, id).item() < 1e-4);
    text.push(id);
  }
  const streamed: number[] = [];
  const ended = generate(model, input, { maxNewTokens: 6, eosIds: [reply[2]!], onToken: (id) => streamed.push(id) });
  assert.equal(ended.at(-1), reply[2]);
  assert.deepEqual(streamed, ended.slice(0, -1));
  const sample = (seed: number) =>
    generate(model, input, { maxNewTokens: 8, eosIds: [], temperature: 2, topK: 50, topP: 0.95, seed });
  assert.deepEqual(sample(5), sample(5));
  assert.ok([6, 7, 8].some((seed) => sample(seed).join() !== sample(5).join()));
  const once = generate(model, input, { maxNewTokens: 8, eosIds: [], repetitionPenalty: 1e6 });
  assert.equal(new Set(once).size, once.length);
  assert.ok(once.every((id) => !ids.includes(id)));
});

modelTest('bad input is reported: media, context, rows', (model) => {
  const ids = videoIds(model, [1, 4, 4]);
  const positions_3BN = positionsTensor([ropeIndex(ids, [[1, 4, 4]], null, model.config).positions]);
  assert.throws(() => model.forward({ ids: [ids], positions_3BN }), {
    code: 'ERR_MEDIA',
    message: /Expected 4 visual embeddings .* received 0/,
  });
  assert.throws(() => model.forward({ ids: [ids], visual: randn([5, 64]), positions_3BN }), { code: 'ERR_MEDIA' });
  assert.throws(() => model.encodeVisual(randn([15, 1176]), [[1, 4, 4]]), {
    code: 'ERR_MEDIA',
    message: /Expected 16 patches .* received 15/,
  });
  assert.throws(() => model.encodeVisual(randn([0, 1176]), []), { code: 'ERR_MEDIA' });
  const long = new Array(4097).fill(5);
  assert.throws(() => model.forward({ ids: [long], positions_3BN: positionsTensor([[long, long, long]]) }), {
    code: 'ERR_CONTEXT',
    message: /4097 tokens, 0 of them visual, but the model takes at most 4096 .* Lower fps, maxFrames or maxPixels/,
  });
  const two = [random(3), random(3)];
  assert.throws(
    () =>
      model.forward({
        ids: two,
        positions_3BN: positionsTensor([
          [
            [0, 1, 2],
            [0, 1, 2],
            [0, 1, 2],
          ],
          [
            [0, 1, 2],
            [0, 1, 2],
            [0, 1, 2],
          ],
        ]),
        rows: [1],
      }),
    { code: 'ERR_VALUE' },
  );
});

for (const form of ['model', 'model-hub'] as const)
  modelTest(
    `saved and loaded again, names and config stay: ${form}`,
    (model) =>
      inTemporaryFolder((dir) => {
        const target = join(dir, 'saved');
        const name = 'model.language_model.norm.weight';
        model.parameters().get(name)!.mul_(1.5);
        model.savePretrained(target);
        assert.throws(() => model.savePretrained(target), { code: 'ERR_CHECKPOINT' });
        const again = loadQwen25VL(target, { device: 'cpu', dtype: 'float32' });
        assert.deepEqual(again.config, model.config);
        assert.deepEqual([...again.parameters().keys()], [...model.parameters().keys()]);
        for (const [key, parameter] of model.parameters())
          assert.equal(aten.equal(again.parameters().get(key)!, parameter), true, key);
        const file = openSafetensors(join(target, 'model.safetensors'));
        assert.ok(file.tensors.has('visual.merger.ln_q.weight') && file.tensors.has('model.norm.weight'));
        file.close();
        again.dispose();
      }),
    form,
  );

modelTest('groups: vision, merger and llm divide the parameters', (model) => {
  const count = { vision: 0, merger: 0, llm: 0 };
  for (const name of model.parameters().keys()) count[model.groupOf(name)]++;
  assert.deepEqual(count, { vision: 4 * 12 + 1, merger: 5, llm: 3 * 12 + 2 });
});
