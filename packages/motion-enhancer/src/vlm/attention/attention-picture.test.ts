import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after } from 'node:test';
import { noGrad, scope, zeros } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { decodePng } from '../../data/image/index.js';
import { disposeChat, mediaParts, prepareChat } from '../chat/chat.js';
import { loadVlm } from '../families/load.js';
import { decodeMedium, disposeDecoded } from '../media/media.js';
import { type Form, testSettings, writeTestForm } from '../testing.js';
import type { Vlm, VlmMessage } from '../types.js';
import { writeAttentionPictures } from './attention-picture.js';
import { attentionOfWords } from './word-attention.js';

const dir = temporaryFolder();
const forms = ['qwen-hub', 'internvl-remote'] as const;
const vlms = new Map<Form, Vlm>(
  forms.map((form) => [form, loadVlm(writeTestForm(join(dir, form), form), { device: 'cpu', dtype: 'float32' })]),
);
after(() => {
  for (const vlm of vlms.values()) vlm.dispose();
});
const settings = testSettings({ frames: 4 });
const MESSAGES: VlmMessage[] = [
  {
    role: 'user',
    content: [
      { type: 'video', path: fixture('videos/hfdatasets_66x50.mov') },
      { type: 'image', path: fixture('images/made_444.jpg') },
      { type: 'text', text: 'Does the dog jump?' },
    ],
  },
  { role: 'assistant', content: 'The dog jumps over a fence.' },
];

for (const form of forms) {
  leakFree(`${form}: a word's attention is the mean of its tokens' rows at the visual tokens`, async () => {
    const vlm = vlms.get(form)!;
    const chat = await prepareChat(vlm, MESSAGES, settings);
    const [dog, fence] = attentionOfWords(vlm, chat, ['dog', 'Fence']);
    assert.deepEqual(
      dog!.spans.map(([start, end]) => chat.text.slice(start, end)),
      ['dog', 'dog'],
    );
    noGrad(() =>
      scope(() => {
        const visual = vlm.encode(chat.inputs);
        const all = Array.from({ length: chat.ids.length }, (_, i) => i);
        const { rows } = vlm.forward(chat, { visual, rows: all, logits: 'last' });
        for (const found of [dog!, fence!]) {
          const tokens = all.filter(
            (i) =>
              !chat.special[i] &&
              found.spans.some(([s, e]) => chat.tokenSpans[i]![0] < e && chat.tokenSpans[i]![1] > s),
          );
          const table = rows!.tolist() as number[][];
          let sum = 0;
          for (const [m, { positions, grid }] of chat.media.entries()) {
            assert.deepEqual(found.media[m]!.grid, grid);
            for (const [k, position] of positions.entries()) {
              const wanted = tokens.reduce((n, t) => n + table[t]![position]!, 0) / tokens.length;
              assert.ok(Math.abs(found.media[m]!.values[k]! - wanted) < 1e-6);
              sum += wanted;
            }
          }
          assert.ok(Math.abs(found.visualShare - sum) < 1e-5 && sum < 1);
        }
      }),
    );
    assert.throws(() => attentionOfWords(vlm, chat, ['cat']), {
      code: 'ERR_VALUE',
      message: /received "cat"\. They are: Does, the, dog, jump/,
    });
    disposeChat(chat);
  });

  leakFree(`${form}: pictures of words, one a medium, random weights called so`, async () => {
    const vlm = vlms.get(form)!;
    const chat = await prepareChat(vlm, MESSAGES, settings);
    const parts = mediaParts(MESSAGES);
    const decoded = await Promise.all(parts.map((part) => decodeMedium(vlm, part, settings)));
    const media = decoded.map((item, i) => ({ decoded: item, input: chat.inputs[i]! }));
    const words = attentionOfWords(vlm, chat, ['dog', 'fence']);
    const out = join(dir, `${form}-pictures`);
    const plain = writeAttentionPictures(out, words, media);
    assert.deepEqual(
      plain.map((path) => basename(path)),
      ['01-dog.png', '01-dog-2.png', '02-fence.png', '02-fence-2.png'],
    );
    const sizes = plain.map((path) => decodePng(readFileSync(path)));
    const [first] = writeAttentionPictures(out, words.slice(0, 1), media, { footer: ['untrained random weights'] });
    assert.ok(decodePng(readFileSync(first!)).height > sizes[0]!.height);
    parts.forEach((part, i) => {
      disposeDecoded(part, decoded[i]!);
    });
    disposeChat(chat);
  });
}

leakFree('a map that is hot in one cell glows there, in its frame', async () => {
  const frames = zeros([4, 3, 40, 60], { dtype: 'uint8' });
  const decoded = { type: 'video', frames, sampleFps: 2, seconds: [0, 0.5, 1, 1.5] } as const;
  const pixels = frames;
  const input = {
    type: 'video',
    pixels,
    grid: [2, 4, 6],
    frames: [
      [0, 1],
      [2, 3],
    ],
    seconds: decoded.seconds,
  } as const;
  const values = new Float32Array(2 * 2 * 3);
  values[6 + 5] = 0.25; // second frame, lower right
  const word = { word: 'dog', spans: [], visualShare: 0.25, media: [{ grid: [2, 2, 3] as const, values }] };
  const [path] = writeAttentionPictures(join(dir, 'planted'), [word], [{ decoded, input }], { width: 60 });
  const { width, data } = decodePng(readFileSync(path!));
  const levels = Array.from({ length: data.length / 3 }, (_, i) => data[3 * i + 1]!);
  // Letters are light too, but grey; the colour map's top is not.
  const hot = levels.map((g, i) => (g > 120 && data[3 * i + 2]! < 120 ? i : -1)).filter((i) => i >= 0);
  assert.ok(hot.length > 50, `${hot.length}`);
  // Frames stand at 12 + k · 64, 63 from above; the cell is 20 × 20 at (40, 20).
  const inside = hot.filter((i) => {
    const [x, y] = [(i % width) - 76, Math.floor(i / width) - 63];
    return x >= 30 && x < 60 && y >= 10 && y < 40;
  });
  assert.equal(inside.length, hot.length);
  frames.dispose();
});

leakFree('without media there is nothing to see', async () => {
  const vlm = vlms.get('qwen-hub')!;
  const chat = await prepareChat(vlm, [{ role: 'user', content: 'Does the dog jump?' }], settings);
  assert.throws(() => attentionOfWords(vlm, chat, ['dog']), { code: 'ERR_MEDIA' });
  disposeChat(chat);
});
