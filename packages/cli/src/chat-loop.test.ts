import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after } from 'node:test';
import { ChatSession, loadVlm } from '@motion-enhancer/core/internal/vlm/index.js';
import { testSettings, writeTestForm } from '@motion-enhancer/core/internal/vlm/testing.js';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { type ChatLoopOptions, runChat } from './chat-loop.js';
import { jsonLines } from './testing.js';

const dir = temporaryFolder();
const vlm = loadVlm(writeTestForm(join(dir, 'vlm'), 'qwen-hub'), { device: 'cpu', dtype: 'float32' });
after(() => vlm.dispose());
const settings = testSettings({ frames: 4 });
const generation = { maxNewTokens: 4, temperature: 0, repetitionPenalty: 1.5 };
const VIDEO = fixture('videos/hfdatasets_66x50.mov');
const IMAGE = fixture('images/made_444.jpg');

/** What is said when these lines are typed. */
async function talk(lines: readonly string[], given: Partial<ChatLoopOptions> = {}) {
  const [input, output, notes] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const said = [text(output), text(notes)];
  input.end(`${lines.join('\n')}\n`);
  await runChat(vlm, {
    ...{ media: [], settings, generation, attention: [], out: join(dir, 'maps'), json: false },
    ...{ input, output, notes },
    ...given,
  });
  output.end();
  notes.end();
  const [out, err] = await Promise.all(said);
  return { out: out!, err: err! };
}

leakFree('questions, media, forgetting: the answers of a session', async () => {
  const session = new ChatSession(vlm, settings);
  await session.look({ type: 'video', path: VIDEO });
  const first = session.ask('What moves?', generation);
  await session.look({ type: 'image', path: IMAGE });
  const second = session.ask('And here?', generation);
  session.clear();
  const third = session.ask('Hello?', generation);
  session.dispose();
  const { out, err } = await talk([
    `/video "${VIDEO}"`,
    'What moves?',
    '',
    `/image ${IMAGE}`,
    'And here?',
    '/clear',
    'Hello?',
    '/quit',
    'never heard',
  ]);
  assert.equal(out, `${first}\n${second}\n${third}\n`);
  assert.match(
    err,
    /^sees .*hfdatasets_66x50\.mov: 4 frames from 0\.\d+ to \d\.\d+ s\nsees .*made_444\.jpg\nforgotten\n$/,
  );
});

leakFree('mistakes are told, and the talk goes on', async () => {
  const { out, err } = await talk(['/film x', '/video', `/video ${join(dir, 'none.mp4')}`, '<image> What?', 'Hello?']);
  assert.match(err, /There is no command \/film\. \/help/);
  assert.match(err, /Expected a file after \/video/);
  assert.match(err, /error: Expected a video for ".*none\.mp4" but there is no such file/);
  assert.match(err, /error: Expected as many media as the text has tags/);
  assert.equal(out.trimEnd().split('\n').length, 1);
});

leakFree('JSON lines; attention after an answer and on demand', async () => {
  const { out, err } = await talk(['What does the dog do?', '/attention dog', '/attention cat'], {
    media: [{ type: 'video', path: VIDEO }],
    json: true,
  });
  const [answer, attention] = jsonLines(out);
  assert.deepEqual([answer!.type, answer!.prompt, answer!.weights], ['answer', 'What does the dog do?', 'random']);
  const [picture] = attention!.files as string[];
  assert.ok(existsSync(picture!) && picture!.endsWith('01-dog.png'));
  const [seen, refused] = jsonLines(err);
  assert.match(String(seen!.message), /4 frames/);
  assert.match(String(refused!.message), /error: .*received "cat"/);
});
