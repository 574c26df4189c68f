import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { askAboutVideo } from '@motion-enhancer/core/internal/vlm/chat/ask.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { VIDEO_FIELDS } from '@motion-enhancer/core/internal/vlm/media/video-input.js';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { shipped } from '../demo/shipped.js';
import { makeClip } from '../generate/index.js';
import { writeClips } from '../write-clips.js';

const { vlm: SHIPPED } = shipped();

leakFree('the shipped VLM, loaded as any other, describes single movers that it never saw', async () => {
  const dir = temporaryFolder();
  const clips = [8, 12, 16, 20].map((index) => makeClip('pretrain', 2 ** 23 + index, { form: 'single' }));
  await writeClips(dir, clips);
  const vlm = loadVlm(SHIPPED!, { device: 'cpu', dtype: 'float32' });
  try {
    assert.equal(vlm.weights, 'trained');
    const settings = resolve(VIDEO_FIELDS, { fps: 8, maxPixels: 4096 });
    let right = 0;
    let words = 0;
    for (const { id, caption } of clips) {
      const video = join(dir, 'videos', `${id}.mov`);
      const said = await askAboutVideo(vlm, video, 'describe the video', settings, {
        maxNewTokens: 24,
        temperature: 0,
      });
      const wanted = caption.match(/[a-z]+/g)!;
      words += wanted.length;
      right += wanted.filter((word) => said.includes(word)).length;
    }
    assert.ok(right >= 0.75 * words, `${right} of ${words} words of the captions`);
  } finally {
    vlm.dispose();
  }
});

test('its weights are small, and its card says how they were made and what they know', () => {
  assert.ok(statSync(join(SHIPPED!, 'model.safetensors')).size < 12e6);
  const card = readFileSync(join(SHIPPED!, 'README.md'), 'utf8');
  for (const part of ['world train-vlm', 'score-vlm', 'license']) assert.ok(card.includes(part), part);
});
