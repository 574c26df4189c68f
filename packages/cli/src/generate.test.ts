import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { answer, disposeChat, loadVlm, placeMedia, prepareChat } from '@motion-enhancer/core/internal/vlm/index.js';
import { testSettings, writeTestForm } from '@motion-enhancer/core/internal/vlm/testing.js';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { command } from './commands/generate.js';

const dir = temporaryFolder();
const VIDEO = fixture('videos/hfdatasets_66x50.mov');
const IMAGE = fixture('images/made_444.jpg');
const vlm = writeTestForm(join(dir, 'internvl'), 'internvl-remote');
const TINY = ['--max-new-tokens', '4', '--temperature', '0', '--frames', '2'];

/** Lines on stdout of the command, run here. */
async function lines(...argv: string[]): Promise<string[]> {
  const out: string[] = [];
  const log = mock.method(console, 'log', (line: string) => void out.push(line));
  const errors = mock.method(console, 'error', () => {});
  try {
    assert.equal(await command.run(argv), 0);
  } finally {
    log.mock.restore();
    errors.mock.restore();
  }
  return out;
}

test('several questions about several files, in one batch; attention of a word', async () => {
  const prompts = ['<image> or <video>: where is the dog?', 'In <image>, and\n<video>\nwhat of the dog?'];
  const ask = prompts.flatMap((prompt) => ['--prompt', prompt]);
  const media = ['--image', IMAGE, '--video', VIDEO];
  const out = join(dir, 'maps');
  const said = await lines('--vlm', vlm, ...media, ...ask, ...TINY, '--json', '--attention', 'dog', '--out', out);
  const results = said.map((line) => JSON.parse(line));
  assert.equal(results.length, 2);
  const loaded = loadVlm(vlm, { device: 'cpu', dtype: 'float32' });
  for (const [i, result] of results.entries()) {
    assert.deepEqual([result.type, result.prompt, result.weights], ['answer', prompts[i], 'random']);
    assert.deepEqual(
      result.media.map(({ type }: { type: string }) => type),
      ['image', 'video'],
    );
    assert.equal(result.attention.files.length, 2);
    assert.ok(
      result.attention.files.every((file: string) => file.startsWith(join(out, String(i + 1))) && existsSync(file)),
    );
    assert.ok(result.attention.shares[0].visualShare > 0);
    const messages = placeMedia([{ role: 'user', content: prompts[i]! }], result.media);
    const chat = await prepareChat(loaded, messages, testSettings({ frames: 2, maxPixels: 151200 }));
    assert.equal(result.answer, answer(loaded, chat, { maxNewTokens: 4, temperature: 0 }));
    disposeChat(chat);
  }
  loaded.dispose();
});

test('a word that is in one of two questions is drawn there; in none, that is told after the answers', async () => {
  const ask = (...words: string[]) => [
    ...['--vlm', vlm, '--video', VIDEO, '--prompt', 'Where is the dog?', '--prompt', 'Who runs?', ...TINY, '--json'],
    ...words.flatMap((word) => ['--attention', word]),
    ...['--out', join(dir, 'some')],
  ];
  const [first, second] = (await lines(...ask('dog'))).map((line) => JSON.parse(line));
  assert.equal(first.attention.files.length, 1);
  assert.match(second.attentionError, /received "dog"\. They are: Who, runs/);
  await assert.rejects(lines(...ask('sundial')), { name: 'UserError', message: /received "sundial"/ });
});

test('--plan needs the config alone, also of models that cannot be run here', async () => {
  const folder = join(dir, 'plan');
  mkdirSync(folder);
  const config = {
    model_type: 'qwen2_5_vl',
    hidden_size: 8192,
    intermediate_size: 29568,
    num_hidden_layers: 80,
    num_attention_heads: 64,
    num_key_value_heads: 8,
    vocab_size: 152064,
    max_position_embeddings: 128000,
    vision_config: { hidden_size: 1280, intermediate_size: 3456, in_chans: 3 },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const [table] = await lines('--vlm', folder, '--plan', '--device', 'cpu');
  assert.match(table!, /^Qwen2\.5-VL, 80 layers, up to 128000 tokens\nparameters: .* = 73\.4\d G\n/);
  assert.match(table!, /^weights +273 GiB +137 GiB +137 GiB$/m);
  assert.match(table!, /^cache, one token +640 KiB +320 KiB +320 KiB$/m);
  assert.match(table!, /^this machine’s memory, .*: float32: the weights do not fit; /m);
  const [json] = await lines('--vlm', folder, '--plan', '--device', 'cpu', '--json');
  assert.equal(JSON.parse(json!).size.layers, 80);
});

test('mistakes are told before anything is loaded', async () => {
  const refused = (argv: string[], message: RegExp) =>
    assert.rejects(command.run(['--vlm', join(dir, 'nowhere'), ...argv]), { name: 'UserError', message });
  await refused([], /Expected a question for prompt/);
  await refused(['--prompt', '<video> <video>', '--video', VIDEO], /2 <video> and 0 <image>, but received 1 videos/);
  await refused(['--prompt', 'Hi', '--temperature', '-1'], /at least 0 for --temperature/);
  await refused(['--prompt', 'Hi'], /nowhere/);
});
