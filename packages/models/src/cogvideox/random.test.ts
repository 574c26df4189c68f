import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveTensors, randint, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { attentionWithLse } from '../attention/with-lse.js';
import { loadT5Encoder } from '../t5/index.js';
import { pipelineFolders } from './pipeline-folders.js';
import { writeRandomCogVideoX } from './random.js';
import { COGVIDEOX_SCHEDULE, loadScheduleConfig } from './schedule/index.js';
import { loadCogVideoXTransformer } from './transformer/index.js';
import { loadVae } from './vae/index.js';

const FP32 = { device: 'cpu', dtype: 'float32' } as const;

function withFolder(body: (dir: string) => void) {
  const before = liveTensors();
  const root = mkdtempSync(join(tmpdir(), 'me-'));
  try {
    body(join(root, 'vdm'));
  } finally {
    rmSync(root, { recursive: true });
  }
  assert.equal(liveTensors(), before);
}
const between = (x: Tensor, low: number, high: number, what: string) => {
  const size = x.std().item();
  assert.ok(size > low && size < high, `${what}: ${size}`);
};

test('the demo checkpoint loads; its activations are of size 1 and its attention is uneven', () =>
  withFolder((dir) => {
    writeRandomCogVideoX(dir, { seed: 3 });
    mkdirSync(join(dir, 'tokenizer'));
    const folders = pipelineFolders(dir);
    assert.deepEqual(loadScheduleConfig(folders.scheduler), COGVIDEOX_SCHEDULE);
    for (const file of ['README.md', 'RANDOM_WEIGHTS']) assert.match(readFileSync(join(dir, file), 'utf8'), /random/i);
    scope(() => {
      const text = loadT5Encoder(folders.textEncoder, FP32);
      const hidden = text.forward(randint(2, 32100, [1, 30]));
      between(hidden, 0.5, 2, 'text');
      const vae = loadVae(folders.vae, FP32);
      const { mean } = vae.encode(randn([1, 3, 5, 64, 64]).tanh());
      assert.deepEqual([...mean.shape], [1, 16, 2, 8, 8]);
      between(mean.mul(0.7), 0.4, 2, 'latents');
      between(vae.decode(mean), 0.2, 3, 'video');
      const model = loadCogVideoXTransformer(folders.transformer, FP32);
      const peaks: number[] = [];
      const v = model.forward(mean.mul(0.7).transpose(1, 2), hidden, 399, {
        attend: (q, k, value) => {
          const { out, lse_BHN } = attentionWithLse(q, k, value);
          const map = q
            .matmul(k.transpose(-2, -1))
            .mul(q.size(-1) ** -0.5)
            .sub(lse_BHN.unsqueeze(-1))
            .exp();
          peaks.push(map.amax(-1).mean().item() * k.size(2));
          return out;
        },
      });
      between(v, 0.3, 3, 'v prediction');
      assert.equal(peaks.length, 4);
      for (const peak of peaks)
        assert.ok(peak > 3 && peak < 60, `largest weight of a row over the uniform one: ${peak}`);
      for (const model_ of [text, vae, model]) model_.dispose();
    });
  }));

const TINY = {
  layers: 1,
  heads: 1,
  headDim: 16,
  vaeChannels: [8, 8],
  textLayers: 1,
  textHeads: 1,
  textWidth: 16,
  vocabSize: 32,
};
const WEIGHTS = ['transformer/diffusion_pytorch_model', 'vae/diffusion_pytorch_model', 'text_encoder/model'];

test('the seed decides every byte; a folder with something in it is left alone', () =>
  withFolder((root) => {
    const digest = (name: string, seed: number) => {
      writeRandomCogVideoX(join(root, name), { seed, ...TINY });
      return WEIGHTS.map((file) =>
        createHash('sha256')
          .update(readFileSync(join(root, name, `${file}.safetensors`)))
          .digest('hex'),
      );
    };
    mkdirSync(root);
    const [a, b, c] = [digest('a', 1), digest('b', 1), digest('c', 2)];
    assert.deepEqual(a, b);
    for (const i of [0, 1, 2]) assert.notEqual(a[i], c[i]);
    mkdirSync(join(root, 'd', 'transformer'), { recursive: true });
    writeFileSync(join(root, 'd', 'transformer', 'mine.txt'), 'x');
    assert.throws(() => writeRandomCogVideoX(join(root, 'd'), { seed: 1, ...TINY }), /is not empty/);
    assert.ok(existsSync(join(root, 'd', 'transformer', 'mine.txt')));
  }));
