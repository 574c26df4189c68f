import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  aten,
  backward,
  crossEntropy,
  linear,
  liveTensors,
  openSafetensors,
  scope,
  stack,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { closeTo } from '@motion-enhancer/libtorch/testing';
import type { Grid } from './grid.js';
import { loadQwen25VL } from './load.js';
import { fixture } from './testing.js';

const DIR = fixture('reference/qwen2_5_vl');

/** One alignment step (docs/method.md 5), written out with plain operators: the gradients of the reference must come back. */
test('gradients of language loss + alignment loss equal the reference', () => {
  const before = liveTensors();
  const model = loadQwen25VL(join(DIR, 'model'), { device: 'cpu', dtype: 'float32', trainable: true });
  const file = openSafetensors(join(DIR, 'step.safetensors'));
  const layout = JSON.parse(readFileSync(join(DIR, 'step.json'), 'utf8')) as {
    words: number[][];
    visual: [number, number];
    visual_grid: number[];
    prior_grid: number[];
  };
  scope(() => {
    const close = (name: string, ours: Tensor, limit: number) => closeTo(ours, file.read(name), limit, name);
    const rows = layout.words.flat();
    const labels = file.read('labels').flatten();
    const visual = model.encodeVisual(
      file.read('pixel_values_videos'),
      file.read('video_grid_thw').tolist() as unknown as Grid[],
    );
    const ids = file.read('input_ids');
    const out = model.forward({ ids, visual, positions_3BN: file.read('position_ids'), rows });
    const loss = crossEntropy(out.logits.select(0, 0).narrow(0, 0, ids.numel - 1), labels.narrow(0, 1, ids.numel - 1));

    const [first, last] = layout.visual;
    const columns = out.rows!.narrow(1, first, last - first + 1);
    let at = 0;
    const words = layout.words.map((tokens) => {
      at += tokens.length;
      return columns.narrow(0, at - tokens.length, tokens.length).mean(0);
    });
    const attention = stack(words); // [words, visual tokens]
    close('attention_rows', attention, 1e-4);
    const volume = attention.view(1, words.length, ...layout.visual_grid);
    const resized = (aten.upsample_trilinear3d(volume, layout.prior_grid, false) as Tensor).view(words.length, -1);
    close('attention_resized', resized, 1e-4);
    const aligner = new Map<string, Tensor>();
    for (const name of file.tensors.keys())
      if (name.startsWith('aligner.')) aligner.set(name, file.read(name).clone().requiresGrad_());
    const layer = (x: Tensor, i: number) =>
      linear(x, aligner.get(`aligner.${i}.weight`)!, aligner.get(`aligner.${i}.bias`)!);
    const aligned = layer(layer(layer(resized, 0).gelu(), 2).gelu(), 4);
    const alignment = aligned.sub(file.read('prior')).norm();
    close('loss_align', alignment.view(1), 1e-5);
    backward([loss.add(alignment)]);

    const known = new Map([...model.parameters(), ...aligner]);
    const names = [...file.tensors.keys()].filter((name) => name.startsWith('grad.'));
    assert.ok(names.length >= 14);
    for (const name of names) scope(() => close(name, known.get(name.slice(5))!.grad!, 1e-3));
    const squares = [...model.parameters().values()].map((p) => scope(() => p.grad!.square().sum().item()));
    const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    const expected = file.read('grad_norm').item();
    assert.ok(Math.abs(norm - expected) / expected < 1e-3, `grad_norm ${norm}, expected ${expected}`);
    for (const parameter of known.values()) parameter.grad = null;
  });
  file.close();
  model.dispose();
  assert.equal(liveTensors(), before);
});
