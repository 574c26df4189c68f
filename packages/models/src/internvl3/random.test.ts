import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { aten, liveTensors, noGrad, randint, scope } from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { loadTokenizer } from '../tokenizers/index.js';
import { generateInternVL3 } from './generate.js';
import { loadInternVL3 } from './load.js';
import { prepareInternVL3VideoChat } from './processing/index.js';
import { writeRandomInternVL3 } from './random.js';
import { fixture, inTemporaryFolder } from './testing.js';

test('random checkpoints: the same in both forms; from a video to an answer; other seeds differ', () => {
  const before = liveTensors();
  const seed = freshSeed();
  inTemporaryFolder((parent) => {
    const write = (name: string, o: Partial<Parameters<typeof writeRandomInternVL3>[1]>) => {
      const dir = join(parent, name);
      writeRandomInternVL3(dir, { seed, layers: 2, hiddenSize: 16, dtype: 'float32', ...o });
      cpSync(fixture('tokenizers/qwen2'), dir, { recursive: true });
      return dir;
    };
    const dirs = [write('hf', {}), write('remote', { form: 'remote', maxShardBytes: 4_000_000 })];
    const other = write('other', { seed: seed + 1 });
    assert.notDeepEqual(
      readFileSync(join(other, 'model.safetensors')),
      readFileSync(join(dirs[0]!, 'model.safetensors')),
    );
    const models = dirs.map((dir) => loadInternVL3(dir, { device: 'cpu', dtype: 'float32' }));
    const [hf, remote] = models as [(typeof models)[0], (typeof models)[0]];
    for (const [name, parameter] of hf.parameters())
      assert.equal(aten.equal(remote.parameters().get(name)!, parameter), true, name);
    noGrad(() =>
      scope(() => {
        const frames = randint(0, 256, [3, 3, 40, 30]).to('uint8');
        const replies = models.map((model, i) => {
          const tokenizer = loadTokenizer(dirs[i]!);
          const chat = prepareInternVL3VideoChat(
            tokenizer,
            model.config,
            { frames, prompt: 'What moves?' },
            { system: null },
          );
          assert.deepEqual(chat.visualGrid, [3, 4, 4]);
          const visual = model.encodeVisual(chat.tiles);
          assert.equal(visual.isfinite().all().item(), 1);
          return generateInternVL3(model, { ids: chat.ids, visual }, { maxNewTokens: 5, eosIds: [] });
        });
        assert.equal(replies[0]!.length, 5);
        assert.deepEqual(replies[0], replies[1]);
      }),
    );
    for (const model of models) model.dispose();
    assert.throws(() => writeRandomInternVL3(dirs[0]!, { seed }), { code: 'ERR_CHECKPOINT' });
    assert.throws(() => writeRandomInternVL3(join(parent, 'x'), { seed, imageSize: 100 }), { code: 'ERR_CONFIG' });
  });
  assert.equal(liveTensors(), before);
});
