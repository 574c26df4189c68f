import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensors, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { readCogVideoXConfig } from './config.js';
import { unpatchify } from './patches.js';
import { applyRope_, ropeFactors, ropeTables } from './rope.js';
import { tokenGrid } from './token-grid.js';

const CLASS = { _class_name: 'CogVideoXTransformer3DModel' };
const V15 = readCogVideoXConfig(
  { ...CLASS, patch_size_t: 2, sample_height: 300, sample_width: 300, use_rotary_positional_embeddings: true },
  'config.json',
);

test('81 frames at 1360 × 768 make 11 × 48 × 85 tokens', () => {
  assert.deepEqual(tokenGrid(V15, 21, 96, 170), { frames: 11, height: 48, width: 85, locations: 4080 });
  assert.deepEqual(tokenGrid({ patchSize: 2, patchSizeT: null }, 13, 60, 90), {
    frames: 13,
    height: 30,
    width: 45,
    locations: 1350,
  });
});

test('rotation keeps lengths, leaves text alone, and its dot products depend on offsets only', () => {
  const before = liveTensors();
  scope(() => {
    const rope = ropeFactors(ropeTables(V15, 6, 8, 6));
    const grid = tokenGrid(V15, 6, 8, 6);
    const [text, S] = [3, grid.frames * grid.locations];
    const row = randn([1, 1, 2, V15.attentionHeadDim]);
    const other = randn([1, 1, 2, V15.attentionHeadDim]);
    const turn = (x: Tensor) => {
      const all = x.repeat(1, text + S, 1, 1);
      applyRope_(all, rope, text);
      return all;
    };
    const [q, k] = [turn(row), turn(other)];
    assert.equal(q.narrow(1, 0, text).sub(row).abs().max().item(), 0);
    assert.ok(
      q
        .norm(2, [-1])
        .sub(row.norm(2, [-1]))
        .abs()
        .max()
        .item() < 1e-4,
    );
    const dot = (a: number, b: number) =>
      q
        .select(1, text + a)
        .mul(k.select(1, text + b))
        .sum()
        .item();
    const at = (f: number, y: number, x: number) => (f * grid.height + y) * grid.width + x;
    assert.ok(Math.abs(dot(at(0, 0, 0), at(1, 2, 1)) - dot(at(1, 1, 1), at(2, 3, 2))) < 1e-3);
    assert.ok(Math.abs(dot(at(0, 0, 0), at(1, 2, 1)) - dot(at(0, 0, 0), at(2, 0, 1))) > 1e-3);
  });
  assert.equal(liveTensors(), before);
});

test('unpatchify puts (p_t, C, p_h, p_w) where the latent has them', () => {
  const before = liveTensors();
  scope(() => {
    const c = { ...V15, outChannels: 3 };
    const grid = tokenGrid(c, 4, 4, 6);
    const x = randn([2, grid.frames * grid.locations, 3 * 2 * 2 * 2]);
    const y = unpatchify(x, grid, c);
    assert.deepEqual([...y.shape], [2, 4, 3, 4, 6]);
    // latent (frame 3, channel 2, row 2, column 5) lies in token (1, 1, 2) at (c 2, t 1, row 0, column 1)
    const token = (1 * 2 + 1) * 3 + 2;
    const feature = ((2 * 2 + 1) * 2 + 0) * 2 + 1;
    const value = y.select(1, 3).select(1, 2).select(1, 2).select(1, 5);
    assert.deepEqual(value.toArray(), x.select(1, token).select(1, feature).toArray());
  });
  assert.equal(liveTensors(), before);
});
