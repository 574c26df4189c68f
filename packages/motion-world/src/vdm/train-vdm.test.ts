import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { loadCogVideoX } from '@motion-enhancer/core/internal/prior/diffusion/cogvideox/load-cogvideox.js';
import { liveTensors, noGrad, ones, randn, scope, writeSafetensors } from '@motion-enhancer/libtorch';
import { cogVideoXVae, groupWords, loadTokenizer } from '@motion-enhancer/models';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { describeClip } from '../generate/index.js';
import { frozenVae } from './checkpoint.js';
import { freePart, startParts, vaeOf } from './parts.js';
import { MINI_VDM, TINY_VDM } from './sizes.js';
import { writeWorldTokenizer } from './tokenizer.js';
import { VDM_TRAINING_FIELDS } from './train-options.js';
import { trainVdm, type VdmTraining } from './train-vdm.js';

test('a tiny model trains in segments, and what it wrote loads as a CogVideoX', async () => {
  const before = liveTensors();
  const out = temporaryFolder();
  const options = resolve(VDM_TRAINING_FIELDS, {
    ...{ model: 'tiny', clips: 10, vaeSteps: 12, vaeBatch: 2, steps: 12, batch: 2, size: 16, frames: 6, workers: 0 },
  });
  const lines: string[] = [];
  const segment = (seconds: number, from = '', given: Partial<VdmTraining> = {}) =>
    trainVdm({
      ...options,
      ...{ seconds, from, fromParts: 'all', out: from ? join(out, 'more') : out, device: 'cpu', dtype: 'float32' },
      command: 'test',
      onStage: () => {},
      onProgress: () => {},
      onLine: (line) => void lines.push(line),
      ...given,
    });
  assert.equal((await segment(0)).finished, false);
  const { checkpoint, finished } = await segment(1e6);
  assert.ok(finished);
  assert.ok(
    lines.some((line) => /^vae step 12\/12/.test(line)) && lines.some((line) => /^transformer step 12/.test(line)),
  );
  const vdm = await loadCogVideoX(checkpoint, { device: 'cpu', dtype: 'float32' });
  assert.equal(vdm.weights, 'trained');
  assert.equal(vdm.vae.config.temporalCompression, 1);
  assert.ok(vdm.vae.config.scalingFactor !== 1);
  scope(() => {
    vdm.texts.encode(['a red circle slides left.']);
    const { embedding, words } = vdm.texts.get('a red circle slides left.');
    assert.deepEqual(
      words.map(({ text }) => text),
      ['a', 'red', 'circle', 'slides', 'left'],
    );
    assert.ok(noGrad(() => embedding.isfinite().all().item()));
  });
  vdm.dispose();
  // Another training may begin with its weights.
  assert.ok((await segment(1e6, checkpoint)).finished);
  // Not one that writes there, by whatever name, nor one of other sizes.
  symlinkSync(checkpoint, join(out, 'link'));
  const refused = (given: Partial<VdmTraining>, error: object) => assert.rejects(segment(0, checkpoint, given), error);
  for (const from of [checkpoint, out, join(out, 'link'), join(out, 'vae-done')])
    await refused(
      { from, out },
      { name: 'UserError', code: 'ERR_VALUE', message: /outside out .* for from .*another/ },
    );
  const code = { name: 'UserError', code: 'ERR_CHECKPOINT' };
  const vae = join(checkpoint, 'vae', 'config.json');
  await refused(
    { model: 'mini' },
    { ...code, message: /Expected \[16,32,32\] for block_out_channels in .*vae but received \[8,8,8\]/ },
  );
  const config = readFileSync(vae, 'utf8');
  // Sizes that are only told: the weights are of the right ones, or the other way round.
  writeFileSync(vae, config.replace(/("norm_num_groups": )4/, '$12'));
  await refused(
    {},
    { ...code, message: /Expected 4 for norm_num_groups .* but received 2\..*check --model and --from/ },
  );
  writeFileSync(vae, config);
  const weights = join(checkpoint, 'text_encoder', 'model.safetensors');
  scope(() => writeSafetensors(weights, { 'shared.weight': ones([1, 16]) }));
  await refused({}, { ...code, message: /Expected \[.*\] for .* in .*text_encoder but received (nothing|\[1,16\])/ });
  assert.equal(liveTensors(), before);
});

test('the autoencoder treats each frame by itself, whole kernels or their last taps alike', () => {
  const before = liveTensors();
  scope(() => {
    const { vae: part, ...others } = startParts({ ...TINY_VDM, vocabSize: 300 }, 3, 'cpu');
    const whole = vaeOf(part);
    const full = cogVideoXVae(whole.config, whole.encoder, whole.decoder);
    const taps = frozenVae(part, 'float32');
    const video = randn([1, 3, 4, 16, 16]);
    const mean = full.encode(video).mean;
    assert.ok(mean.sub(taps.encode(video).mean).abs().max().item() < 1e-5);
    assert.ok(full.decode(mean).sub(taps.decode(mean)).abs().max().item() < 1e-5);
    assert.ok(mean.abs().max().item() > 0.01);
    full.dispose();
    taps.dispose();
    for (const other of Object.values(others)) freePart(other);
  });
  assert.equal(liveTensors(), before);
});

test('every word of the world is one token, and no caption or sentence is too long', () => {
  const dir = temporaryFolder();
  writeWorldTokenizer(dir);
  const tokenizer = loadTokenizer(dir);
  for (const split of ['train', 'test', 'pretrain'] as const) {
    for (let index = 0; index < 400; index++) {
      const { caption, questions } = describeClip(split, index);
      for (const text of [caption, ...questions.map(({ statement }) => statement)]) {
        const encoding = tokenizer.encode(text);
        assert.ok(encoding.ids.length <= MINI_VDM.maxTextTokens, text);
        assert.ok(!encoding.ids.includes(tokenizer.tokenToId('<unk>')!));
        for (const word of groupWords(text, encoding)) assert.equal(word.tokens.length, 1, word.text);
      }
    }
  }
  const other = tokenizer.encode('Big Buck skips 3 ropes!');
  assert.equal(other.ids.includes(tokenizer.tokenToId('<unk>')!), false);
});
