import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { aten, backward, keep, noGrad, randint, scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import type { InternVL3, Qwen25VL } from '@motion-enhancer/models';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { answer, answers } from './chat/answer.js';
import { disposeChat, layOut, prepareChat, prepareMedium } from './chat/chat.js';
import { encodeInternVL } from './families/internvl3/encode.js';
import { loadVlm } from './families/load.js';
import { encodeQwen } from './families/qwen2-5-vl/encode.js';
import { decodeMedium } from './media/media.js';
import { FORMS, type Form, testSettings, writeTestForm } from './testing.js';
import type { PreparedChat, Vlm, VlmMessage } from './types.js';

const dir = temporaryFolder();
const VIDEO = fixture('videos/hfdatasets_66x50.mov');
const IMAGE = fixture('images/made_444.jpg');
const settings = testSettings();
const loaded = new Map<Form, Vlm>();
const get = (form: Form): Vlm => {
  const vlm =
    loaded.get(form) ??
    loadVlm(writeTestForm(join(dir, form), form), { device: 'cpu', dtype: 'float32', trainable: true });
  loaded.set(form, vlm);
  return vlm;
};
// Loaded before the tests count tensors.
for (const form of FORMS) get(form);
after(() => {
  for (const vlm of loaded.values()) vlm.dispose();
});

/** Equal parameters under equal names. */
function same(a: Vlm, b: Vlm): void {
  const [one, two] = [a.model.parameters(), b.model.parameters()];
  assert.deepEqual([...one.keys()].sort(), [...two.keys()].sort());
  for (const [name, parameter] of one)
    assert.equal(
      scope(() => aten.equal(parameter.detach(), two.get(name)!.detach())),
      true,
      name,
    );
}

const MESSAGES: VlmMessage[] = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'First ' },
      { type: 'image', path: IMAGE },
      { type: 'video', path: VIDEO },
      { type: 'text', text: 'What moves?' },
    ],
  },
  { role: 'assistant', content: 'A dog runs.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'And here? ' },
      { type: 'video', path: VIDEO, start: 0.2, end: 0.6 },
    ],
  },
];

for (const form of FORMS) {
  leakFree(`${form}: several media in any order; places and grids are their tokens`, async () => {
    const vlm = get(form);
    const chat = await prepareChat(vlm, MESSAGES, settings);
    assert.deepEqual(
      chat.media.map(({ type }) => type),
      ['image', 'video', 'video'],
    );
    const pads = new Set(chat.ids.filter((_, i) => chat.media.some(({ positions }) => positions.includes(i))));
    assert.ok(pads.size <= 2);
    for (const [i, { positions, grid }] of chat.media.entries()) {
      assert.equal(positions.length, grid[0] * grid[1] * grid[2]);
      assert.ok(positions.every((p, k) => pads.has(chat.ids[p]!) && (k === 0 || p > positions[k - 1]!)));
      assert.equal(chat.inputs[i]!.frames.length, i === 0 ? 1 : grid[0]);
      assert.ok(chat.inputs[i]!.frames.every(([from, to]) => from <= to && to < chat.inputs[i]!.seconds.length));
    }
    scope(() => {
      const visual = vlm.encode(chat.inputs)!;
      assert.equal(
        visual.tokens.size(0),
        chat.media.reduce((n, { positions }) => n + positions.length, 0),
      );
      const n = chat.ids.length;
      const row = chat.media[2]!.positions.at(-1)! + 2;
      const { logits, rows } = vlm.forward(chat, { visual, rows: [row], logits: 'last' });
      assert.deepEqual([rows!.shape, logits.shape[1]], [[1, n], 1]);
      assert.ok(Math.abs(rows!.sum().item() - 1) < 1e-5);
      backward([rows!.narrow(1, 0, chat.media[0]!.positions.at(-1)!).sum().add(logits.sum().mul(1e-3))]);
      const grads = [...vlm.model.parameters()].map(([name, p]) => [name, p.grad] as const);
      assert.deepEqual(
        grads.filter(([, g]) => g?.isfinite().all().item() !== 1).map(([name]) => name),
        [],
      );
      for (const p of vlm.model.parameters().values()) p.grad = null;
    });
    disposeChat(chat);
  });

  leakFree(`${form}: answers follow the video; a batch answers as each chat alone`, async () => {
    const vlm = get(form);
    const ask = (text: string, frames: number): Promise<PreparedChat> =>
      prepareChat(
        vlm,
        [
          {
            role: 'user',
            content: [
              { type: 'video', path: VIDEO },
              { type: 'text', text },
            ],
          },
        ],
        testSettings({ frames }),
      );
    const chats = [await ask('What moves?', 2), await ask('How many dogs can be seen, and where?', 4)];
    const options = { maxNewTokens: 6, temperature: 0, repetitionPenalty: 2 };
    const alone = chats.map((chat) => answer(vlm, chat, options));
    const pieces = ['', ''];
    const together = answers(vlm, chats, { ...options, onText: (piece, row) => (pieces[row] += piece) });
    assert.deepEqual(together, alone);
    assert.deepEqual(pieces, alone);
    assert.notEqual(alone[0], alone[1]);
    assert.deepEqual(answers(vlm, chats, { ...options, prefillChunk: 16 }), alone);
    assert.equal(answer(vlm, chats[0]!, { ...options, prefillChunk: 16 }), alone[0]);
    // A stop ends the answer before it.
    const whole = alone[0]!;
    const stop = whole.slice(Math.floor(whole.length / 2));
    const stopped = answer(vlm, chats[0]!, { ...options, stop: [stop] });
    assert.equal(stopped, whole.slice(0, whole.indexOf(stop)));
    const configured = { ...vlm, generation: { ...vlm.generation, stop: [stop] } };
    assert.equal(answer(configured, chats[0]!, options), stopped);
    assert.equal(answer(configured, chats[0]!, { ...options, stop: [] }), whole);
    chats.forEach(disposeChat);
  });

  leakFree(`${form}: the tower sees long videos in pieces, at inference; at once under autograd`, async () => {
    const { model } = get(form);
    const chat = await prepareChat(get(form), MESSAGES, settings);
    const encode = (atOnce?: number) =>
      (form.startsWith('qwen')
        ? encodeQwen(model as Qwen25VL, chat.inputs, atOnce === undefined ? {} : { atOnce })
        : encodeInternVL(model as InternVL3, chat.inputs, atOnce === undefined ? {} : { atOnce }))!.tokens;
    scope(() => {
      const whole = encode();
      assert.equal(whole.requiresGrad, true);
      for (const atOnce of [1, 40, 1e6]) {
        const pieces = noGrad(() => encode(atOnce));
        assert.equal(pieces.requiresGrad, false);
        assert.ok(whole.detach().sub(pieces).abs().max().item() < 1e-5);
      }
    });
    disposeChat(chat);
  });

  leakFree(`${form}: saved as it came, and the same after`, async () => {
    const vlm = get(form);
    const copy = join(dir, `${form}-saved`);
    vlm.save(copy);
    const again = loadVlm(copy, { device: 'cpu', dtype: 'float32' });
    assert.equal(again.family, vlm.family);
    same(again, vlm);
    again.dispose();
  });
}

leakFree('the two forms of a family are one model', async () => {
  for (const [a, b] of [
    ['qwen-hub', 'qwen-nested'],
    ['internvl-hf', 'internvl-remote'],
  ] as const) {
    same(get(a), get(b));
  }
});

leakFree('a medium made ready once serves many chats; tensors given stay the caller’s', async () => {
  const vlm = get('qwen-hub');
  const frames = scope(() => randint(0, 256, [4, 3, 60, 40]).to('uint8'));
  const part = { type: 'video', frames, sampleFps: 1 } as const;
  const input = await prepareMedium(vlm, part, settings);
  assert.equal(input.secondPerGrid, 2);
  assert.equal((await prepareLegacy()).secondPerGrid, 1);
  const chats = ['What?', 'Where?'].map((text) =>
    layOut(vlm, [{ role: 'user', content: [part, { type: 'text', text }] }], [input], settings),
  );
  const [first, second] = noGrad(() => chats.map((chat) => answer(vlm, chat, { maxNewTokens: 3, temperature: 0 })));
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(frames.size(0), 4);
  for (const chat of chats) chat.positions?.dispose();
  input.pixels.dispose();
  frames.dispose();

  async function prepareLegacy() {
    const legacy = await prepareMedium(vlm, part, testSettings({ secondPerGrid: 'legacy' }));
    legacy.pixels.dispose();
    return legacy;
  }
});

leakFree('a video as a list of pictures; pictures of other sizes are reported', async () => {
  const vlm = get('internvl-hf');
  const ask = (paths: string[]) =>
    prepareChat(vlm, [{ role: 'user', content: [{ type: 'video', paths, sampleFps: 4 }] }], settings);
  const chat = await ask([IMAGE, fixture('images/made.bmp'), IMAGE]);
  assert.deepEqual(chat.media[0]!.grid, [3, 2, 2]);
  assert.deepEqual(chat.inputs[0]!.seconds, [0, 0.25, 0.5]);
  disposeChat(chat);
  await assert.rejects(ask([IMAGE, fixture('images/made_turned.jpg')]), {
    code: 'ERR_VIDEO',
    message: /frames of one size but received 50×37 .* and 37×50/,
  });
  await assert.rejects(ask([]), { code: 'ERR_VIDEO', message: /received none/ });
});

leakFree('system prompts are chosen', async () => {
  const text = async (form: Form, system: string) => {
    const chat = await prepareChat(get(form), [{ role: 'user', content: 'Hi' }], testSettings({ system }));
    disposeChat(chat);
    return chat.text;
  };
  assert.match(await text('qwen-hub', 'auto'), /^<\|im_start\|>system\nYou are a helpful assistant\.<\|im_end\|>/);
  assert.match(await text('qwen-hub', 'none'), /^<\|im_start\|>user\nHi/);
  assert.match(await text('internvl-remote', 'auto'), /^<\|im_start\|>system\n你是书生·万象/);
  assert.match(await text('internvl-hf', 'auto'), /^<\|im_start\|>user\nHi/);
  assert.match(await text('internvl-hf', 'internvl'), /^<\|im_start\|>system\n你是书生·万象/);
  assert.match(await text('internvl-hf', 'qwen'), /You are a helpful/);
  assert.match(await text('qwen-nested', 'Count.'), /^<\|im_start\|>system\nCount\.<\|im_end\|>/);
});

leakFree('more frames than the context holds: the numbers, and what mends it', async () => {
  const small = loadVlm(writeTestForm(join(dir, 'short'), 'qwen-hub', { maxPositionEmbeddings: 40 }), {
    device: 'cpu',
    dtype: 'float32',
  });
  const chat = (frames: number) =>
    prepareChat(
      small,
      [
        {
          role: 'user',
          content: [
            { type: 'video', path: VIDEO },
            { type: 'text', text: 'What?' },
          ],
        },
      ],
      testSettings({ frames }),
    );
  await assert.rejects(chat(16), {
    code: 'ERR_CONTEXT',
    message:
      /The chat has \d+ tokens, \d+ of them visual \(video 1: 8 frame pairs of 4\), but the model takes at most 40 .* At this size \d+ frames would fit\. Lower fps, frames or maxFrames/,
  });
  disposeChat(await chat(4));
  small.dispose();
});

for (const form of ['qwen-hub', 'internvl-hf'] as const)
  leakFree(`${form}: frames resized as they are decoded are those that are resized together`, async () => {
    const vlm = get(form);
    const path = fixture('videos/torchcodec_nasa_13013.mp4');
    const paths = [fixture('images/made_444.jpg'), fixture('images/made_444.jpg')];
    // The pictures are smaller than a tile.
    const lists = form === 'qwen-hub' ? [{ type: 'video', paths } as const] : [];
    for (const part of [{ type: 'video', path } as const, ...lists]) {
      const whole = await decodeMedium(
        { ...vlm, frameResize: () => ({ size: (_, h, w) => [h, w], resize: (f) => f }) },
        part,
        settings,
      );
      const small = await decodeMedium(vlm, part, settings);
      assert.ok(whole.type === 'video' && small.type === 'video');
      assert.equal(whole.videoSize, undefined);
      assert.deepEqual(small.videoSize, whole.frames.shape.slice(2), 'the test makes frames smaller');
      assert.ok(small.frames.numel < whole.frames.numel);
      const [a, b] = [whole, small].map((medium) =>
        noGrad(() => keep(scope(() => vlm.prepareMedium(medium, settings)))),
      );
      assert.deepEqual(b!.grid, a!.grid);
      assert.ok(scope(() => aten.equal(a!.pixels, b!.pixels)));
      for (const tensor of [whole.frames, small.frames, a!.pixels, b!.pixels]) tensor.dispose();
    }
  });

leakFree('a folder of pictures as a video is its pictures in order', async () => {
  const vlm = get('qwen-hub');
  const folder = fixture('cases/frames-folder/one');
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const [a, b] = await Promise.all(
    [{ type: 'video', path: folder } as const, { type: 'video', paths } as const].map((part) =>
      prepareMedium(vlm, part, settings),
    ),
  );
  assert.ok(scope(() => aten.equal(a!.pixels, b!.pixels)));
  assert.deepEqual(a!.seconds, [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]);
  a!.pixels.dispose();
  b!.pixels.dispose();
});
