import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  aten,
  liveTensors,
  openSafetensors,
  randn,
  scope,
  type Tensor,
  writeSafetensors,
  zeros,
} from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { INTERNVL3_SYSTEM, readInternVL3Config } from './config.js';
import { loadInternVL3 } from './load.js';
import {
  editConfig,
  FORMS,
  type Form,
  fixture,
  inTemporaryFolder,
  load,
  loadForm,
  modelTest,
  realConfig,
} from './testing.js';

type Json = Record<string, any>;
const config = (change: (config: Json) => void) => (dir: string) => editConfig(dir, change);
const tensors = (change: (tensors: Map<string, Tensor>) => void) => (dir: string) =>
  scope(() => {
    const path = join(dir, 'model.safetensors');
    const file = openSafetensors(path);
    const all = new Map([...file.tensors.keys()].map((name) => [name, file.read(name).clone()]));
    file.close();
    change(all);
    rmSync(path);
    writeSafetensors(path, all);
  });

/** `body` with a changed copy of a checkpoint; nothing may stay in memory. */
function withCopy(form: Form, change: (dir: string) => void, body: (dir: string) => void): void {
  const before = liveTensors();
  inTemporaryFolder((parent) => {
    const dir = join(parent, 'copy');
    cpSync(fixture(`reference/internvl3/${form}`), dir, { recursive: true });
    change(dir);
    body(dir);
  });
  assert.equal(liveTensors(), before);
}

function refuses(
  name: string,
  form: Form,
  change: (dir: string) => void,
  expected: { code: string; message: RegExp },
): void {
  test(`refused: ${name} (${form})`, () =>
    withCopy(form, change, (dir) =>
      assert.throws(
        () => load(dir),
        (error) => {
          assert.ok(error instanceof UserError, String(error));
          assert.equal(error.code, expected.code, error.message);
          assert.match(error.message, expected.message);
          return true;
        },
      ),
    ));
}

refuses(
  'another model',
  'model',
  config((c) => (c.model_type = 'qwen2_5_vl')),
  {
    code: 'ERR_CONFIG',
    message: /Expected internvl or internvl_chat for model_type but received "qwen2_5_vl"/,
  },
);
refuses(
  'another language model',
  'model-remote',
  config((c) => (c.llm_config.model_type = 'internlm2')),
  {
    code: 'ERR_CONFIG',
    message: /Expected qwen2 .* received "internlm2"/,
  },
);
refuses(
  'InternViT-6B',
  'model-remote',
  config((c) => (c.vision_config.qk_normalization = true)),
  {
    code: 'ERR_CONFIG',
    message: /Expected false for vision_config\.qk_normalization but received true/,
  },
);
refuses(
  'another shuffle',
  'model-remote',
  config((c) => (c.ps_version = 'v1')),
  {
    code: 'ERR_CONFIG',
    message: /Expected v2 for ps_version but received v1/,
  },
);
refuses(
  'scaled positions',
  'model',
  config((c) => (c.text_config.rope_parameters.rope_type = 'yarn')),
  {
    code: 'ERR_CONFIG',
    message: /rope_parameters\.rope_type but received "yarn"/,
  },
);
refuses(
  'tiles that do not divide',
  'model',
  config((c) => (c.vision_config.image_size = [42, 42])),
  {
    code: 'ERR_CONFIG',
    message: /multiple of patch_size \/ downsample_ratio \(28\) .* received 42/,
  },
);
refuses(
  'a field of the wrong kind',
  'model',
  config((c) => (c.vision_config.num_hidden_layers = 'x')),
  {
    code: 'ERR_CONFIG',
    message: /Expected integer for vision_config\.num_hidden_layers/,
  },
);
for (const [form, text] of [
  ['model', 'text_config'],
  ['model-remote', 'llm_config'],
] as const) {
  refuses(
    'another width than the weights have',
    form,
    config((c) => (c[text].intermediate_size = 256)),
    {
      code: 'ERR_CHECKPOINT',
      message: /Expected shape \[256, 64\] for language_model\.model\.layers\.0\.mlp\.gate_proj\.weight .*\[128, 64\]/,
    },
  );
  refuses(
    'fewer layers in the config',
    form,
    config((c) => (c.vision_config.num_hidden_layers = 1)),
    {
      code: 'ERR_CHECKPOINT',
      message: /more, such as vision_/,
    },
  );
  refuses(
    'more layers in the config',
    form,
    config((c) => (c.vision_config.num_hidden_layers = 3)),
    {
      code: 'ERR_CHECKPOINT',
      message: /no tensor named vision_\w+\.encoder\.layers?\.2\./,
    },
  );
  refuses(
    'a missing head',
    form,
    tensors((t) => t.delete('language_model.lm_head.weight')),
    {
      code: 'ERR_CHECKPOINT',
      message: /no tensor named language_model\.lm_head\.weight/,
    },
  );
}
refuses(
  'a fused tensor of another size',
  'model-remote',
  tensors((t) => t.set('vision_model.encoder.layers.1.attn.qkv.bias', zeros([95]))),
  {
    code: 'ERR_CHECKPOINT',
    message: /Expected shape \[96\] for vision_model\.encoder\.layers\.1\.attn\.qkv\.bias .*\[95\]/,
  },
);
refuses(
  'weights under strange names',
  'model',
  tensors((t) => {
    for (const [name, tensor] of [...t]) {
      t.delete(name);
      t.set(`base_model.${name}`, tensor);
    }
  }),
  { code: 'ERR_CHECKPOINT', message: /not an adapter/ },
);

/** Two checkpoints hold the same parameters. */
function sameParameters(dir: string, other: string): void {
  const [a, b] = [load(dir), load(other)];
  assert.deepEqual([...a.parameters().keys()], [...b.parameters().keys()]);
  for (const [name, parameter] of a.parameters())
    assert.equal(aten.equal(b.parameters().get(name)!, parameter), true, name);
  a.dispose();
  b.dispose();
}

test('accepted: the names that transformers has in memory', () => {
  const nest = tensors((t) => {
    for (const [name, tensor] of [...t]) {
      t.delete(name);
      t.set(
        name.startsWith('language_model.lm_head')
          ? name.replace('language_model.', '')
          : `model.${name.replace('language_model.model.', 'language_model.')}`,
        tensor,
      );
    }
  });
  withCopy('model', nest, (dir) => sameParameters(dir, fixture('reference/internvl3/model')));
});

for (const form of FORMS) {
  const text = form === 'model' ? 'text_config' : 'llm_config';
  test(`a head that is the embedding: said once or twice, stored or not (${form})`, () => {
    for (const stored of [true, false])
      for (const said of [
        [true, true],
        [undefined, true],
        [undefined, undefined],
        [true, false],
      ]) {
        const change = (dir: string) => {
          editConfig(dir, (c) => {
            c.tie_word_embeddings = said[0];
            c[text].tie_word_embeddings = said[1];
          });
          if (!stored) tensors((t) => t.delete('language_model.lm_head.weight'))(dir);
        };
        withCopy(form, change, (dir) => {
          const model = load(dir);
          // A head that is stored and differs is used, whatever the fields say.
          assert.equal(model.config.text.tieWordEmbeddings, !stored, `${stored} ${said}`);
          const { language_model } = model.weights;
          assert.equal(language_model.lm_head === language_model.embed_tokens, !stored);
          model.dispose();
        });
      }
  });

  test(`a stored head that equals the embedding is tied where the config says so; saved as it is used (${form})`, () => {
    const tie = (dir: string) =>
      editConfig(dir, (c) => {
        c.tie_word_embeddings = true;
        c[text].tie_word_embeddings = true;
      });
    const equal = tensors(
      (t) => void t.set('language_model.lm_head.weight', t.get('language_model.model.embed_tokens.weight')!),
    );
    for (const same of [true, false])
      withCopy(
        form,
        (dir) => {
          tie(dir);
          if (same) equal(dir);
        },
        (dir) => {
          const model = load(dir);
          assert.equal(model.config.text.tieWordEmbeddings, same);
          const saved = `${dir}-saved-${same}`;
          model.savePretrained(saved);
          model.dispose();
          const said = JSON.parse(readFileSync(join(saved, 'config.json'), 'utf8')) as Json;
          assert.deepEqual([said.tie_word_embeddings, said[text].tie_word_embeddings], [same, same]);
        },
      );
  });

  modelTest(
    `saved and loaded again, in shards and in bfloat16, names and config stay (${form})`,
    (model) =>
      inTemporaryFolder((parent) => {
        const name = 'model.vision_tower.encoder.layer.1.attention.k_proj.weight';
        const changed = randn([32, 32]);
        model.parameters().get(name)!.copy_(changed);
        const dir = join(parent, 'saved');
        model.savePretrained(dir, { maxShardBytes: 200_000 });
        assert.throws(() => model.savePretrained(dir), { code: 'ERR_CHECKPOINT' });
        assert.ok(existsSync(join(dir, 'model.safetensors.index.json')));
        const again = load(dir);
        assert.deepEqual(again.config, model.config);
        for (const [key, parameter] of model.parameters())
          assert.equal(aten.equal(again.parameters().get(key)!, parameter), true, key);
        again.dispose();
        const shard = join(dir, 'model-00002-of-00005.safetensors');
        const names = Object.keys(
          JSON.parse(readFileSync(join(dir, 'model.safetensors.index.json'), 'utf8')).weight_map,
        );
        const source = openSafetensors(fixture(`reference/internvl3/${form}/model.safetensors`));
        assert.deepEqual(names.sort(), [...source.tensors.keys()].sort());
        source.close();
        rmSync(shard);
        assert.throws(() => load(dir), { code: 'ERR_CHECKPOINT', message: /model-00002-of-00005\.safetensors/ });

        const half = join(parent, 'half');
        model.savePretrained(half, { dtype: 'bfloat16' });
        const rounded = load(half);
        assert.equal(aten.equal(rounded.parameters().get(name)!, changed.to('bfloat16').to('float32')), true);
        rounded.dispose();
        for (const dtype of ['bfloat16', 'float16'] as const) {
          const narrow = loadInternVL3(half, { device: 'cpu', dtype });
          assert.ok([...narrow.parameters().values()].every((parameter) => parameter.dtype === dtype));
          narrow.dispose();
        }
      }),
    form,
  );
}

test('files of the model code and the tokenizer come along', () => {
  const add = (dir: string) => {
    writeFileSync(join(dir, 'modeling_internvl_chat.py'), '# code\n');
    writeFileSync(join(dir, 'vocab.json'), '{}');
  };
  withCopy('model-remote', add, (dir) => {
    const model = load(dir);
    model.savePretrained(`${dir}-saved`);
    model.dispose();
    for (const name of ['modeling_internvl_chat.py', 'vocab.json']) assert.ok(existsSync(join(`${dir}-saved`, name)));
  });
});

test('a config as it is published: its system prompt, tiles, template; nothing of it is unused', () => {
  const file = fixture('cases/internvl-system-null/config.published.json');
  const raw = JSON.parse(readFileSync(file, 'utf8')) as Json;
  const unused: string[] = [];
  const read = (change: Json = {}) =>
    readInternVL3Config({ ...raw, ...change }, 'config.json', (fields) => unused.push(...fields));
  assert.equal(read().system, INTERNVL3_SYSTEM);
  const one = read({ dynamic_image_size: false });
  assert.deepEqual([read().maxTiles, one.maxTiles, one.minTiles], [12, 1, 1]);
  assert.throws(() => read({ template: 'Hermes-2' }), {
    code: 'ERR_CONFIG',
    message: /internvl2_5 for template .*Hermes-2/,
  });
  assert.deepEqual(unused, []);
  read({ use_llm_lora: 16, vision_config: { ...raw.vision_config, made_up: 'yes' }, use_backbone_lora: 0 });
  assert.deepEqual(unused.sort(), ['use_llm_lora', 'vision_config.made_up']);
});

test('the published sizes; system prompts: Chinese, of the template, own, none', () => {
  const { text, vision, ...rest } = realConfig();
  assert.deepEqual(
    [vision.hiddenSize, vision.numLayers, vision.numHeads, vision.intermediateSize],
    [1024, 24, 16, 4096],
  );
  assert.deepEqual([rest.tileSize, rest.shuffle, rest.imageTokenId, rest.maxTiles], [448, 2, 151667, 12]);
  assert.deepEqual([text.headDim, text.ropeTheta, text.rmsNormEps, text.mropeSection], [128, 1e6, 1e-6, null]);
  assert.equal(rest.eosTokenId, 151645, 'not what llm_config says');
  assert.equal(rest.system, INTERNVL3_SYSTEM);
  assert.equal(realConfig({ system_message: null }).system, INTERNVL3_SYSTEM, 'that of its template');
  assert.equal(realConfig({ system_message: 'Be brief.' }).system, 'Be brief.');
  const model = loadForm('model');
  assert.equal(model.config.system, null);
  model.dispose();
});
