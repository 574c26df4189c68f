import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { extract } from '@motion-enhancer/core/internal/prior/extract.js';
import { liveTensors, openSafetensors, scope } from '@motion-enhancer/libtorch';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { writeVdm } from '../vdm/checkpoint.js';
import { freePart, startParts } from '../vdm/parts.js';
import { TINY_VDM } from '../vdm/sizes.js';
import { writeWorldTokenizer } from '../vdm/tokenizer.js';
import { eachRecipeBatch, localiseRecipes } from './localise-recipes.js';
import { recipeMaps } from './recipe-maps.js';
import { RECIPES } from './recipes.js';
import { recipesText } from './recipes-text.js';
import { writeWorldPriors } from './write-world-priors.js';

test('the priors of many clips are those of extract, clip by clip; files and findings are made of them', async () => {
  const before = liveTensors();
  const dir = temporaryFolder();
  const { vocabSize } = writeWorldTokenizer(join(dir, 'tokenizer'));
  const parts = startParts({ ...TINY_VDM, vocabSize }, 9, 'cpu');
  writeVdm(dir, parts, 'random');
  for (const part of Object.values(parts)) freePart(part);
  const vdm = await loadVdm(dir, { device: 'cpu', dtype: 'float32' });
  const pass = { steps: 2, guidance: 6, last: 1, seed: 0, frames: 8, size: 32, onClip: () => {} };
  const o = { ...pass, split: 'train' as const, indices: [7, 8, 9], batch: 2 };

  const sums = new Map<string, number[][]>();
  const checks: (() => Promise<void>)[] = [];
  eachRecipeBatch(vdm, o, (clips, batch) =>
    recipeMaps(vdm, batch, RECIPES, (place, recipe, { rows_WFHW, words }) => {
      const clip = clips[place]!;
      const ours = rows_WFHW.toFloat32Array();
      sums.set(recipe.name, [...(sums.get(recipe.name) ?? []), [...ours]]);
      assert.deepEqual(
        words.map(({ text }) => text),
        clip.captionWords.map(({ text }) => text),
      );
      if (clip.id !== clips[0]!.id) return;
      checks.push(async () => {
        const data = new Uint8Array(clip.frames);
        const frames = { data, width: 32, height: 32, indices: [...Array(8).keys()], timestamps: [], info: {} };
        const config = { ...recipe.config, frames: 8, height: 32, width: 32 };
        const prior = await extract(vdm, frames as never, clip.caption, config);
        const theirs = scope(() => prior.rows_WFHW.toFloat32Array());
        const largest = Math.max(...theirs);
        assert.equal(theirs.length, ours.length);
        for (let i = 0; i < ours.length; i++) assert.ok(Math.abs(ours[i]! - theirs[i]!) < 1e-4 * largest, recipe.name);
        prior.rows_WFHW.dispose();
      });
    }),
  );
  for (const check of checks) await check();
  assert.equal(checks.length, 2 * RECIPES.length);

  const path = join(dir, 'priors.safetensors');
  writeWorldPriors(path, vdm, {
    ...o,
    headRatio: 0.5,
    wordRatio: 0.5,
    fixed: new Map(),
    arms: ['renoise-2', 'difference'],
  });
  scope(() => {
    const file = openSafetensors(path);
    for (const name of ['renoise-2', 'difference']) {
      const all = sums.get(name)!.flat();
      const scale = file.read(`scale.${name}`).reshape(-1, 1, 1, 1);
      const maps = file.read(`maps.${name}`).to('float32').div(255).mul(scale);
      const mean = all.reduce((a, b) => a + b, 0) / all.length;
      assert.ok(Math.abs(maps.mean().item() / mean - 1) < 0.01, name);
    }
    file.close();
  });

  const found = localiseRecipes(vdm, RECIPES, { ...o, indices: [0, 1, 2, 3], split: 'test' });
  const text = recipesText(found, 'still-camera');
  for (const { name } of RECIPES) assert.match(text, new RegExp(`\\| ${name} \\| [\\d.]+ ± `));
  assert.ok(found.found.get('difference')!.cosine.mover.get(1)!.mean > 0.5);
  vdm.dispose();
  assert.equal(liveTensors(), before);
});
