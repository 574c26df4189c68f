import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveTensors, noGrad, scope } from '@motion-enhancer/libtorch';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { disposeChat, layOut, prepareMedium } from '../../vlm/chat/chat.js';
import { loadVlm } from '../../vlm/families/load.js';
import { testSettings, writeTestForm } from '../../vlm/testing.js';
import type { VlmMessage } from '../../vlm/types.js';
import { disposeVisual } from '../../vlm/visual.js';
import { optionLosses } from './rank-options.js';

const root = temporaryFolder();
const settings = testSettings({ frames: 2, frameRule: 'segments' });
const part = { type: 'video', path: fixture('videos/made_full_range.mp4') } as const;
const OPTIONS = ['It moves to the right', 'It moves', 'no', '左'];

for (const form of ['qwen-hub', 'internvl-hf'] as const) {
  test(`${form}: losses of options are those of whole chats, token by token, and depend on the video`, async () => {
    const before = liveTensors();
    const vlm = loadVlm(writeTestForm(join(root, form), form), { device: 'cpu', dtype: 'float32' });
    const input = await prepareMedium(vlm, part, settings);
    const visual = vlm.encode([input])!;
    const messages: VlmMessage[] = [{ role: 'user', content: [part, { type: 'text', text: 'What does it do?' }] }];
    const request = { messages, inputs: [input], visual, settings, options: OPTIONS, endMark: false };
    const { losses, tokens } = optionLosses(vlm, request);
    const ended = optionLosses(vlm, { ...request, endMark: true }).losses;
    let longest = 0;
    for (const [i, option] of OPTIONS.entries()) {
      const chat = layOut(vlm, [...messages, { role: 'assistant', content: option }], [input], settings);
      longest = Math.max(longest, chat.ids.length);
      const own = vlm.tokenizer.encode(option).ids;
      assert.deepEqual(own, chat.ids.filter((_, k) => chat.labels[k]! >= 0).slice(0, own.length));
      const first = chat.labels.findIndex((label) => label >= 0);
      noGrad(() =>
        scope(() => {
          const rows = vlm.forward(chat, { visual, logits: 'all' }).logits.select(0, 0).logSoftmax(-1);
          const wanted = own.map(
            (id, k) =>
              -rows
                .select(0, first + k - 1)
                .select(0, id)
                .item(),
          );
          assert.equal(losses[i]!.length, own.length);
          // The end mark is the token after the option's.
          const end = first + own.length;
          const all = [
            ...wanted,
            -rows
              .select(0, end - 1)
              .select(0, chat.ids[end]!)
              .item(),
          ];
          assert.ok(chat.special[end], 'the reply ends there');
          assert.equal(ended[i]!.length, all.length);
          for (const [k, loss] of losses[i]!.entries()) assert.ok(Math.abs(loss - wanted[k]!) < 1e-4, `${i}, ${k}`);
          for (const [k, loss] of ended[i]!.entries()) assert.ok(Math.abs(loss - all[k]!) < 1e-4, `${i}, ${k}, ended`);
        }),
      );
      chat.positions?.dispose();
    }
    assert.equal(tokens, longest);
    const changed = noGrad(() =>
      scope(() => optionLosses(vlm, { ...request, visual: { tokens: visual.tokens.neg() } }).losses),
    );
    assert.notDeepEqual(changed, losses);
    disposeVisual(visual);
    disposeChat({ inputs: [input], positions: null } as never);
    vlm.dispose();
    assert.equal(liveTensors(), before);
  });
}
