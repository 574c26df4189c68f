// What of a checkpoint folder is refused or told because it would change what the model says.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixture } from '@motion-enhancer/support/testing';
import { readInternVL3Config, readQwen25VLConfig } from '../index.js';
import { chatSegments } from '../qwen2-5-vl/processing/chat-template.js';
import { otherChatTemplate } from './chat-template-file.js';

type Json = Record<string, any>;
const json = (path: string) => JSON.parse(readFileSync(fixture(path), 'utf8')) as Json;
const qwen = json('reference/qwen2_5_vl/model/config.json');
const intern = json('reference/internvl3/model-remote/config.json');

test('quantised checkpoints are refused by the name of their method', () => {
  for (const method of ['awq', 'gptq', 'bitsandbytes', 'fp8', 'compressed-tensors']) {
    const quantization_config = { quant_method: method, bits: 4 };
    const message = new RegExp(`quantised by ${method}\\..*original`);
    assert.throws(() => readQwen25VLConfig({ ...qwen, quantization_config }, 'c'), { code: 'ERR_CONFIG', message });
    const llm = { ...intern, llm_config: { ...intern.llm_config, quantization_config } };
    assert.throws(() => readInternVL3Config(llm, 'c'), { code: 'ERR_CONFIG', message });
  }
  const old = { load_in_8bit: true };
  assert.throws(() => readQwen25VLConfig({ ...qwen, quantization_config: old }, 'c'), { message: /by bitsandbytes/ });
  readQwen25VLConfig({ ...qwen, quantization_config: null }, 'c');
});

test('fields of a config that nobody uses are listed, inner ones too', () => {
  const unused: string[] = [];
  const read = (change: Json) => readQwen25VLConfig({ ...qwen, ...change }, 'c', (fields) => unused.push(...fields));
  read({});
  assert.deepEqual(unused, []);
  read({ novel: { depth: 3 }, vision_config: { ...qwen.vision_config, window_shift: 4, off: false } });
  assert.deepEqual(unused, ['vision_config.window_shift', 'novel']);
});

const QWEN =
  "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

test('a chat template beside the checkpoint is compared with our chats; one that writes others is reported', () => {
  const ours = (messages: Parameters<typeof chatSegments>[0]) =>
    chatSegments(messages, { imagePad: '', videoPad: '' })
      .map(({ text }) => text)
      .join('');
  const told = (files: Json) => {
    const dir = mkdtempSync(join(tmpdir(), 'me-'));
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
    return otherChatTemplate(dir, ours);
  };
  const other = QWEN.replace('helpful', 'terse');
  assert.equal(told({}), null);
  assert.equal(told({ 'tokenizer_config.json': {} }), null);
  assert.equal(told({ 'chat_template.json': { chat_template: QWEN } }), null);
  assert.equal(told({ 'chat_template.jinja': QWEN, 'tokenizer_config.json': { chat_template: other } }), null);
  assert.match(told({ 'tokenizer_config.json': { chat_template: other } })!, /tokenizer_config\.json writes other/);
  const named = {
    chat_template: [
      { name: 'tools', template: QWEN },
      { name: 'default', template: other },
    ],
  };
  assert.match(told({ 'tokenizer_config.json': named })!, /writes other/);
  const listed = QWEN.replace(
    "{{ message['content'] }}",
    "{% for part in message['content'] %}{{ part.text }}{% endfor %}",
  );
  assert.equal(told({ 'chat_template.jinja': listed }), null);
  assert.match(told({ 'chat_template.jinja': '{% for %}' })!, /could not be compared/);
});
