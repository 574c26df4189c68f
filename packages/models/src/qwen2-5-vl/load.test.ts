import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveTensors, openSafetensors, scope, type Tensor, writeSafetensors, zeros } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { loadQwen25VL } from './load.js';
import { fixture, inTemporaryFolder } from './testing.js';

type Json = Record<string, any>;

/** Loads a damaged copy of a checkpoint; the error must be the user's, and nothing may stay in memory. */
function refuses(
  name: string,
  form: 'model' | 'model-hub',
  damage: (dir: string) => void,
  expected: { code: string; message: RegExp },
): void {
  test(`refused: ${name}`, () => {
    const before = liveTensors();
    inTemporaryFolder((parent) => {
      const dir = join(parent, 'copy');
      cpSync(fixture(`reference/qwen2_5_vl/${form}`), dir, { recursive: true });
      damage(dir);
      assert.throws(
        () => loadQwen25VL(dir, { device: 'cpu', dtype: 'float32' }),
        (error) => {
          assert.ok(error instanceof UserError, String(error));
          assert.equal(error.code, expected.code, error.message);
          assert.match(error.message, expected.message);
          return true;
        },
      );
    });
    assert.equal(liveTensors(), before);
  });
}

const editConfig = (change: (config: Json) => void) => (dir: string) => {
  const file = join(dir, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  change(config);
  writeFileSync(file, JSON.stringify(config));
};
const editTensors = (change: (tensors: Map<string, Tensor>) => void) => (dir: string) =>
  scope(() => {
    const path = join(dir, 'model.safetensors');
    const file = openSafetensors(path);
    const tensors = new Map([...file.tensors.keys()].map((name) => [name, file.read(name).clone()]));
    file.close();
    change(tensors);
    rmSync(path);
    writeSafetensors(path, tensors);
  });

refuses(
  'another model',
  'model',
  editConfig((c) => (c.model_type = 'qwen3_vl')),
  {
    code: 'ERR_CONFIG',
    message: /Expected qwen2_5_vl for model_type but received "qwen3_vl"/,
  },
);
refuses('a missing shard', 'model-hub', (dir) => rmSync(join(dir, 'model-00002-of-00002.safetensors')), {
  code: 'ERR_CHECKPOINT',
  message: /model-00002-of-00002\.safetensors/,
});
refuses(
  'fewer layers in the config than in the weights',
  'model',
  editConfig((c) => (c.text_config.num_hidden_layers = 2)),
  {
    code: 'ERR_CHECKPOINT',
    message: /12 more, such as model\.layers\.2\./,
  },
);
refuses(
  'more layers in the config than in the weights',
  'model',
  editConfig((c) => (c.text_config.num_hidden_layers = 4)),
  {
    code: 'ERR_CHECKPOINT',
    message: /no tensor named model\.layers\.3\.input_layernorm\.weight/,
  },
);
refuses(
  'another width than the weights have',
  'model-hub',
  editConfig((c) => (c.intermediate_size = 256)),
  {
    code: 'ERR_CHECKPOINT',
    message: /Expected shape \[256, 64\] for model\.layers\.0\.mlp\.gate_proj\.weight .*\[128, 64\]/,
  },
);
refuses(
  'untied heads without a head',
  'model-hub',
  editConfig((c) => (c.tie_word_embeddings = false)),
  {
    code: 'ERR_CHECKPOINT',
    message: /lm_head\.weight/,
  },
);
refuses(
  'sections that do not fill the head',
  'model-hub',
  editConfig((c) => (c.rope_scaling.mrope_section = [2, 2, 2])),
  {
    code: 'ERR_CONFIG',
    message: /add up to 8 .* received \[2, 2, 2\]/,
  },
);
refuses(
  'heads that do not divide the width',
  'model-hub',
  editConfig((c) => (c.num_attention_heads = 5)),
  {
    code: 'ERR_CONFIG',
    message: /multiple of num_attention_heads \(5\) for hidden_size but received 64/,
  },
);
refuses(
  'a field of the wrong kind',
  'model-hub',
  editConfig((c) => (c.vision_config.depth = 'x')),
  {
    code: 'ERR_CONFIG',
    message: /Expected integer for vision_config\.depth/,
  },
);
refuses(
  'weights under strange names',
  'model',
  editTensors((t) => {
    for (const [name, tensor] of [...t]) {
      t.delete(name);
      t.set(`base_model.${name}`, tensor);
    }
  }),
  { code: 'ERR_CHECKPOINT', message: /not an adapter/ },
);

/** Loads a changed copy, which must work. */
function accepts(name: string, damage: (dir: string) => void): void {
  test(`accepted: ${name}`, () => {
    const before = liveTensors();
    inTemporaryFolder((parent) => {
      const dir = join(parent, 'copy');
      cpSync(fixture('reference/qwen2_5_vl/model'), dir, { recursive: true });
      damage(dir);
      loadQwen25VL(dir, { device: 'cpu', dtype: 'float32' }).dispose();
    });
    assert.equal(liveTensors(), before);
  });
}

accepts(
  'the names of newer saves',
  editTensors((t) => {
    for (const [name, tensor] of [...t]) {
      t.delete(name);
      t.set(name.startsWith('visual.') ? `model.${name}` : name.replace('model.', 'model.language_model.'), tensor);
    }
  }),
);
accepts(
  'a tied head that was stored all the same',
  editTensors((t) => t.set('lm_head.weight', zeros([320, 64]))),
);
accepts('an untied head', (dir) => {
  editConfig((c) => {
    c.tie_word_embeddings = false;
    c.text_config.tie_word_embeddings = false;
  })(dir);
  editTensors((t) => t.set('lm_head.weight', zeros([320, 64])))(dir);
});
