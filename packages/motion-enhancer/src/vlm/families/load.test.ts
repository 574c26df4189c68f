import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { FORMS, type Form, writeTestForm } from '../testing.js';
import { loadVlm } from './load.js';

const dir = temporaryFolder();
for (const form of FORMS) writeTestForm(join(dir, form), form, { hiddenSize: 16, maxShardBytes: 3_000_000 });
let copies = 0;

/** A changed copy of a checkpoint. */
function changed(form: Form, change: (folder: string) => void): string {
  const folder = join(dir, `copy-${copies++}`);
  cpSync(join(dir, form), folder, { recursive: true });
  change(folder);
  return folder;
}
const edit = (file: string, change: (json: Record<string, any>) => void) => (folder: string) => {
  const path = join(folder, file);
  const json = JSON.parse(readFileSync(path, 'utf8'));
  change(json);
  writeFileSync(path, JSON.stringify(json));
};
const load = (folder: string) => loadVlm(folder, { device: 'cpu', dtype: 'float32' });
const refused = (folder: string, code: string, message: RegExp) =>
  assert.throws(() => load(folder), { name: 'UserError', code, message });

tensorTest('every form loads by its model_type', () => {
  for (const form of FORMS) {
    const vlm = load(join(dir, form));
    assert.equal(vlm.family.id, form.startsWith('qwen') ? 'qwen2_5_vl' : 'internvl3');
    assert.equal(vlm.weights, 'random');
    assert.equal(vlm.contextLength, 32768);
    assert.deepEqual(vlm.generation.eosIds, form.startsWith('qwen') ? [151645, 151643] : [151645]);
    assert.equal(vlm.processor.imageMean!.length, 3);
    vlm.dispose();
  }
});

tensorTest('other models and half checkpoints are reported', () => {
  refused(join(dir, 'nowhere'), 'ERR_CHECKPOINT', /There is no checkpoint folder .*nowhere/);
  const other = (type: unknown) =>
    changed(
      'qwen-hub',
      edit('config.json', (c) => (c.model_type = type)),
    );
  refused(
    other('llava'),
    'ERR_CONFIG',
    /Expected qwen2_5_vl, internvl, internvl_chat .* received "llava".*another model/,
  );
  refused(other(undefined), 'ERR_CONFIG', /received nothing/);
  refused(other('toString'), 'ERR_CONFIG', /received "toString"/);
  const pipeline = join(dir, 'pipeline');
  mkdirSync(pipeline);
  writeFileSync(join(pipeline, 'model_index.json'), '{}');
  refused(pipeline, 'ERR_CHECKPOINT', /pipeline of diffusers.*--vdm/);
  const adapter = join(dir, 'adapter');
  mkdirSync(adapter);
  writeFileSync(join(adapter, 'adapter_config.json'), '{}');
  refused(adapter, 'ERR_CHECKPOINT', /an adapter .* Merge it/);
  for (const form of FORMS) {
    const shard = readdirSync(join(dir, form)).find((name) => /-00002-of-/.test(name))!;
    refused(
      changed(form, (folder) => rmSync(join(folder, shard))),
      'ERR_CHECKPOINT',
      new RegExp(`${shard}.* is missing`),
    );
  }
  refused(
    changed('qwen-hub', (folder) => rmSync(join(folder, 'vocab.json'))),
    'ERR_TOKENIZER',
    /vocab\.json/,
  );
});

tensorTest('sizes that contradict the weights are reported', () => {
  const wider = (part: string | null) => (c: Record<string, any>) => {
    (part ? c[part] : c).intermediate_size += 8;
  };
  for (const [form, part] of [
    ['qwen-hub', null],
    ['qwen-nested', 'text_config'],
    ['internvl-hf', 'text_config'],
    ['internvl-remote', 'llm_config'],
  ] as const)
    refused(
      changed(form, edit('config.json', wider(part))),
      'ERR_CHECKPOINT',
      /Expected shape \[40, 16\].* received \[32, 16\]/,
    );
  refused(
    changed(
      'qwen-hub',
      edit('preprocessor_config.json', (c) => (c.patch_size = 16)),
    ),
    'ERR_CONFIG',
    /Expected 14 .* patchSize .* received 16/,
  );
});

tensorTest('<IMG_CONTEXT>: of the tokenizer in the original form, of config.json in the other', () => {
  const renumber = edit('tokenizer_config.json', (c) => {
    c.added_tokens_decoder['151680'] = c.added_tokens_decoder['151667'];
    delete c.added_tokens_decoder['151667'];
  });
  const moved = changed('internvl-hf', renumber);
  refused(moved, 'ERR_TOKENIZER', /<IMG_CONTEXT> .* with the id 151667 \(image_token_id\) but received the id 151680/);
  const vlm = load(changed('internvl-remote', renumber));
  assert.equal((vlm.model.config as { imageTokenId: number }).imageTokenId, 151680);
  vlm.dispose();
  const none = edit('tokenizer_config.json', (c) => delete c.added_tokens_decoder['151667']);
  refused(
    changed('internvl-remote', none),
    'ERR_TOKENIZER',
    /Expected <IMG_CONTEXT> among the tokens .* received none/,
  );
});
