import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  arange,
  backward,
  cat,
  liveTensors,
  openSafetensors,
  randn,
  scope,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { KVCache } from '../vlm-common/language/kv-cache.js';
import { generateInternVL3 } from './generate.js';
import { loadInternVL3 } from './load.js';
import { pixelShuffle } from './projector.js';
import { fixture, IMAGE_TOKEN, loadForm, modelTest } from './testing.js';

const RANDOM = randomSource(freshSeed());

const worst = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
const random = (n: number) => Array.from({ length: n }, () => 3 + RANDOM.below(280));
/** Text with `frames` frames of four tokens, text between them. */
const videoIds = (frames: number) => [
  ...random(3),
  ...Array.from({ length: frames }, () => [...random(2), ...new Array<number>(4).fill(IMAGE_TOKEN)]).flat(),
  ...random(4),
];

modelTest('both forms give the same on fresh inputs', (model) => {
  const other = loadForm('model-remote');
  const pixels = randn([3, 3, 56, 56]);
  const ids = [videoIds(3)];
  const [a, b] = [model, other].map((m) => m.forward({ ids, visual: m.encodeVisual(pixels), rows: [2, 20] }));
  assert.equal(worst(a!.logits, b!.logits), 0);
  assert.equal(worst(a!.rows!, b!.rows!), 0);
  assert.deepEqual({ ...other.config, form: 'hf', system: null }, model.config);
  other.dispose();
});

modelTest('positions are interpolated for larger tiles, as transformers does', (model) => {
  const file = openSafetensors(fixture('internvl3/interpolated.safetensors'));
  const reference = file.read('embeds');
  const ours = model.encodeVisual(file.read('pixels')).view(...reference.shape);
  assert.ok(worst(ours, reference) < 1e-4, `${worst(ours, reference)}`);
  file.close();
});

modelTest('tiles do not see each other; sides may differ', (model) => {
  const pixels = randn([4, 3, 56, 56]);
  const together = model.encodeVisual(pixels);
  assert.deepEqual(together.shape, [16, 64]);
  const alone = pixels.split(1).map((tile) => model.encodeVisual(tile));
  assert.ok(worst(together, cat(alone)) < 1e-5);
  assert.deepEqual(model.encodeVisual(randn([1, 3, 28, 84])).shape, [3, 64]);
});

test('pixel shuffle: four neighbours become one token, rows first', () => {
  const before = liveTensors();
  scope(() => {
    const x = arange(0, 4 * 6 * 2, 1).view(1, 4, 6, 2); // value = (row · 6 + column) · 2 + channel
    const out = pixelShuffle(x, 2);
    assert.deepEqual(out.shape, [1, 6, 8]);
    const at = (row: number, column: number) => [(row * 6 + column) * 2, (row * 6 + column) * 2 + 1];
    const token = (r: number, c: number) => [...at(r, c), ...at(r, c + 1), ...at(r + 1, c), ...at(r + 1, c + 1)];
    assert.deepEqual(
      out.toArray(),
      [0, 2].flatMap((r) => [0, 2, 4].flatMap((c) => token(r, c))),
    );
  });
  assert.equal(liveTensors(), before);
});

modelTest('rows: sums of 1, nothing of the future, the same for some as for all; none unless asked', (model) => {
  const ids = [random(19)];
  const all = model.forward({ ids, rows: Array.from({ length: 19 }, (_, i) => i) }).rows!;
  assert.ok(worst(all.sum(-1), all.sum(-1).mul(0).add(1)) < 1e-5);
  assert.equal(all.triu(1).abs().max().item(), 0);
  const some = model.forward({ ids, rows: [17, 3, 3] }).rows!;
  assert.ok(worst(some, all.indexSelect(0, tensor([17, 3, 3], { dtype: 'int64' }))) < 1e-6);
  assert.equal(model.forward({ ids }).rows, null);
});

modelTest('a padded batch gives what its sequences give alone, left or right padding', (model) => {
  const visual = model.encodeVisual(randn([2, 3, 56, 56]));
  const [long, short] = [videoIds(2), random(7)];
  const alone = [long, short].map((ids, i) => model.forward({ ids: [ids], visual: i === 0 ? visual : null }).logits);
  const gap = new Array<number>(long.length - short.length).fill(0);
  for (const left of [false, true]) {
    const place = (list: readonly number[]) => (left ? [...gap, ...list] : [...list, ...gap]);
    const { logits } = model.forward({
      ids: [long, place(short)],
      visual,
      attentionMask: tensor([long.map(() => 1), place(short.map(() => 1))]),
    });
    assert.ok(worst(logits.narrow(0, 0, 1), alone[0]!) < 2e-5);
    const part = logits.select(0, 1).narrow(0, left ? gap.length : 0, short.length);
    assert.ok(worst(part, alone[1]!.select(0, 0)) < 2e-5);
    assert.equal(logits.isfinite().all().item(), 1);
  }
});

modelTest('a cache gives the same logits, token by token and in pieces', (model) => {
  const ids = random(12);
  const whole = model.forward({ ids: [ids] }).logits;
  const cache = new KVCache();
  const pieces = [0, 5, 6, 10, 11].map(
    (from, i, starts) => model.forward({ ids: [ids.slice(from, starts[i + 1] ?? 12)], cache }).logits,
  );
  assert.equal(cache.length, 12);
  assert.ok(worst(cat(pieces, 1), whole) < 2e-5);
  cache.dispose();
});

modelTest('generate: greedy equals running the whole text again; stops at the end token', (model) => {
  const visual = model.encodeVisual(randn([2, 3, 56, 56]));
  const ids = videoIds(2);
  const reply = generateInternVL3(model, { ids, visual }, { maxNewTokens: 6, eosIds: [] });
  const text = [...ids];
  for (const id of reply) {
    // A near tie may fall either way; an image token of the reply has no embedding to run again with.
    if (text.slice(ids.length).includes(IMAGE_TOKEN)) break;
    const best = model.forward({ ids: [text], visual, logits: 'last' }).logits.flatten();
    assert.ok(best.max().item() - best.select(0, id).item() < 1e-4);
    text.push(id);
  }
  const streamed: number[] = [];
  const ended = generateInternVL3(
    model,
    { ids, visual },
    { maxNewTokens: 6, eosIds: [reply[2]!], onToken: (id) => streamed.push(id) },
  );
  assert.equal(ended.at(-1), reply[2]);
  assert.deepEqual(streamed, ended.slice(0, -1));
});

modelTest('bad input is reported: media, sizes, context, rows', (model) => {
  const ids = [videoIds(1)];
  assert.throws(() => model.forward({ ids }), {
    code: 'ERR_MEDIA',
    message: /Expected 4 visual embeddings .* received 0/,
  });
  assert.throws(() => model.forward({ ids, visual: randn([5, 64]) }), { code: 'ERR_MEDIA' });
  for (const shape of [
    [0, 3, 56, 56],
    [1, 4, 56, 56],
    [1, 3, 50, 56],
    [3, 56, 56],
  ])
    assert.throws(() => model.encodeVisual(randn(shape)), { code: 'ERR_MEDIA', message: /tiles \[n, 3, 56, 56\]/ });
  const long = new Array<number>(4097).fill(5);
  assert.throws(() => model.forward({ ids: [long] }), {
    code: 'ERR_CONTEXT',
    message: /4097 tokens, 0 of them visual, but the model takes at most 4096/,
  });
  assert.throws(() => model.forward({ ids: [random(3), random(3)], rows: [1] }), { code: 'ERR_VALUE' });
});

modelTest('groups: vision, projector and llm divide the parameters', (model) => {
  const count = { vision: 0, merger: 0, llm: 0 };
  for (const name of model.parameters().keys()) count[model.groupOf(name)]++;
  assert.deepEqual(count, { vision: 2 * 18 + 4, merger: 6, llm: 3 * 12 + 3 });
});

test('attention rows alone send gradients into tower, projector and decoder; the original form has them too', () => {
  const before = liveTensors();
  const model = loadInternVL3(fixture('reference/internvl3/model-remote'), {
    device: 'cpu',
    dtype: 'float32',
    trainable: true,
    imageTokenId: IMAGE_TOKEN,
  });
  scope(() => {
    const ids = videoIds(2);
    const { rows } = model.forward({
      ids: [ids],
      visual: model.encodeVisual(randn([2, 3, 56, 56])),
      rows: [ids.length - 1],
    });
    backward([rows!.square().sum()]);
    for (const name of [
      'model.vision_tower.encoder.layer.0.attention.k_proj.weight',
      'model.vision_tower.encoder.layer.1.lambda_2',
      'model.multi_modal_projector.linear_2.weight',
      'model.language_model.layers.2.self_attn.q_proj.weight',
    ]) {
      const { grad } = model.parameters().get(name)!;
      assert.ok(grad && grad.isfinite().all().item() === 1 && grad.abs().max().item() > 0, name);
    }
  });
  for (const parameter of model.parameters().values()) parameter.grad = null;
  model.dispose();
  assert.equal(liveTensors(), before);
});
