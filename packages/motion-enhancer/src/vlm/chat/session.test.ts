import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, mock } from 'node:test';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { loadVlm } from '../families/load.js';
import { testSettings, writeTestForm } from '../testing.js';
import type { VlmMessage } from '../types.js';
import { answer } from './answer.js';
import { disposeChat, prepareChat } from './chat.js';
import { ChatSession } from './session.js';

const dir = temporaryFolder();
const settings = testSettings({ frames: 4 });
const options = { maxNewTokens: 5, temperature: 0, repetitionPenalty: 1.5 };
const video = { type: 'video', path: fixture('videos/hfdatasets_66x50.mov') } as const;
const image = { type: 'image', path: fixture('images/made_420.jpg') } as const;

for (const form of ['qwen-hub', 'internvl-hf'] as const) {
  const vlm = loadVlm(writeTestForm(join(dir, form), form), { device: 'cpu', dtype: 'float32' });
  after(() => vlm.dispose());
  const network = vlm.model as unknown as { forward(input: { ids: number[][] }): unknown };
  const original = network.forward;

  leakFree(`${form}: a conversation answers as its messages given at once do`, async () => {
    const session = new ChatSession(vlm, settings);
    await session.look(video);
    assert.deepEqual(session.waiting, [video]);
    const first = session.ask('What moves?', options);
    assert.deepEqual(session.waiting, []);
    const second = session.ask('How fast?', options);
    await session.look(image);
    const third = session.ask('And in <image>, what moves?', options);
    const said: VlmMessage[] = [
      { role: 'user', content: [video, { type: 'text', text: 'What moves?' }] },
      { role: 'assistant', content: first },
      { role: 'user', content: 'How fast?' },
      { role: 'assistant', content: second },
      { role: 'user', content: [{ type: 'text', text: 'And in ' }, image, { type: 'text', text: ', what moves?' }] },
    ];
    assert.deepEqual(session.messages, [...said, { role: 'assistant', content: third }]);
    for (const [turns, wanted] of [
      [1, first],
      [3, second],
      [5, third],
    ] as const) {
      const chat = await prepareChat(vlm, said.slice(0, turns), settings);
      assert.equal(answer(vlm, chat, options), wanted);
      disposeChat(chat);
    }
    await session.withChat((chat, parts) => assert.deepEqual([chat.media.length, parts], [2, [video, image]]));
    session.clear();
    assert.deepEqual([session.messages.length, session.waiting.length], [0, 0]);
    const fresh = new ChatSession(vlm, settings);
    assert.equal(session.ask('Hello?', options), fresh.ask('Hello?', options));
    fresh.dispose();
    session.dispose();
  });

  leakFree(`${form}: what was computed is not computed again`, async () => {
    const session = new ChatSession(vlm, settings);
    await session.look(video);
    const lengths: number[] = [];
    const forward = mock.method(network, 'forward', (input: { ids: number[][] }): unknown => {
      lengths.push(input.ids[0]!.length);
      return original.call(network, input);
    });
    try {
      session.ask('What moves?', options);
      const first = lengths.splice(0);
      session.ask('How fast?', options);
      assert.ok(first[0]! > 20 && lengths[0]! < first[0]! && lengths[0]! < 20, `${first[0]} and ${lengths[0]} tokens`);
      assert.deepEqual(new Set([...first, ...lengths].filter((n) => n > 20)).size, 1);
    } finally {
      forward.mock.restore();
    }
    session.dispose();
  });

  leakFree(`${form}: a question that fails leaves the conversation as it was`, async () => {
    const session = new ChatSession(vlm, settings);
    await session.look(image);
    assert.throws(() => session.ask('<video> What?', options), { code: 'ERR_MEDIA' });
    assert.throws(() => session.ask(`${'again '.repeat(40_000)}?`, options), { code: 'ERR_CONTEXT' });
    assert.deepEqual([session.waiting, session.messages], [[image], []]);
    await assert.rejects(session.look({ type: 'image', path: join(dir, 'none.png') }), { code: 'ERR_IMAGE' });
    assert.equal(session.ask('What?', options).length > 0, true);
    session.dispose();
  });
}
