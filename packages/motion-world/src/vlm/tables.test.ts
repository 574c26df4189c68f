import assert from 'node:assert/strict';
import { join } from 'node:path';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { layOut } from '@motion-enhancer/core/internal/vlm/chat/chat.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { VIDEO_FIELDS } from '@motion-enhancer/core/internal/vlm/media/video-input.js';
import { fromTypedArray, randint, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { closeTo, leakFree, tensorTest } from '@motion-enhancer/libtorch/testing';
import { type Qwen25VL, videoPatches } from '@motion-enhancer/models';
import { freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { describeClip, makeClip } from '../generate/index.js';
import { TINY, worldTokenizer } from '../testing.js';
import { ClipTable } from './clip-table.js';
import { clipLayout } from './layout.js';
import { writeNewMiniVlm } from './new-checkpoint.js';
import { choicesOf } from './pretrain-samples.js';
import { sampleTable } from './sample-table.js';
import { captionTurn, openTurn, type WorldSample } from './samples.js';
import { worldData } from './world-data.js';

const SETTINGS = resolve(VIDEO_FIELDS, { fps: 8, maxPixels: 4096 });
const seed = freshSeed();

function tinyVlm() {
  const dir = join(temporaryFolder(), 'vlm');
  writeNewMiniVlm(dir, worldTokenizer(), { seed, sizes: TINY });
  return loadVlm(dir, { device: 'cpu', dtype: 'float32' });
}

tensorTest(`tables hold what prepareChat makes of a clip and a question (seed ${seed})`, () => {
  const random = randomSource(seed);
  const vlm = tinyVlm();
  const { config } = vlm.model as Qwen25VL;
  try {
    const layout = clipLayout(vlm.tokenizer, config);
    const texts = Array.from({ length: 12 }, () => describeClip('train', random.below(1e6)));
    const several = texts.map(
      ({ caption, questions }, clip): WorldSample => ({
        clip,
        turns: [captionTurn(caption), ...questions.map((q) => openTurn({ ...q, question: q.stem }))],
        type: 'several',
        answer: -1,
      }),
    );
    const samples = [...texts.flatMap(choicesOf), ...several];
    const table = sampleTable(samples, layout, vlm.tokenizer, 'cpu', 300);
    assert.equal(table.length, 304);
    const frames = randint(0, 256, [16, 3, 64, 64]).to('uint8');
    const medium = vlm.prepareMedium({ type: 'video', frames, sampleFps: 8, seconds: [] }, SETTINGS);
    samples.forEach(({ turns }, n) => {
      const messages = turns.flatMap(({ prompt, reply }, i) => [
        {
          role: 'user' as const,
          content: [
            ...(i === 0 ? [{ type: 'video' as const, frames, sampleFps: 8 }] : []),
            { type: 'text' as const, text: prompt },
          ],
        },
        { role: 'assistant' as const, content: reply },
      ]);
      const chat = scope(() => layOut(vlm, messages, [medium], SETTINGS));
      const row = (x: Tensor) => x.select(0, n).toArray().map(Number);
      const length = chat.ids.length;
      assert.deepEqual(row(table.ids_NL).slice(0, length), chat.ids, turns[0]!.prompt);
      assert.ok(
        row(table.ids_NL)
          .slice(length)
          .every((id) => id === vlm.tokenizer.padId),
      );
      const learned = chat.labels.flatMap((label, i) => (label < 0 ? [] : [[i - 1, label]]));
      const ours = row(table.logitPositions_NK).map((place, k) => [place, row(table.targets_NK)[k]!]);
      assert.deepEqual(
        ours.filter(([, label]) => label! >= 0),
        learned,
      );
      assert.deepEqual([chat.media[0]!.positions[0], chat.media[0]!.positions.at(-1)! + 1], [...layout.visual]);
      closeTo(table.positions.narrow(2, 0, length).contiguous(), chat.positions!, 0, 'positions');
      if (turns.length > 1) {
        chat.positions!.dispose();
        return;
      }
      const { text, spans } = layout.textOf(turns[0]!);
      const after = chat.tokenSpans.slice(layout.visual[1]).map(([a, b]) => chat.text.slice(a, b));
      assert.deepEqual(
        spans.map(([a, b]) => text.slice(a, b)),
        after,
      );
      chat.positions!.dispose();
    });
    table.dispose();
  } finally {
    vlm.dispose();
  }
});

tensorTest('clips in a table are patches as videoPatches makes them', () => {
  const vlm = tinyVlm();
  const { config } = vlm.model as Qwen25VL;
  const clips = [makeClip('train', 3), makeClip('test', 4)];
  const table = new ClipTable(3, config.vision, 'cpu');
  table.put(1, Uint8Array.from(clips.flatMap(({ frames }) => [...frames])));
  const read = table.read(tensor([2, 1], { dtype: 'int64' }), 'float32');
  [clips[1]!, clips[0]!].forEach(({ frames }, i) => {
    const video = fromTypedArray(frames, [16, 64, 64, 3]).permute(0, 3, 1, 2).contiguous();
    const { patches, grid } = videoPatches(video, config, { minPixels: 4096, maxPixels: 4096 });
    assert.deepEqual([...grid], [8, 8, 8]);
    closeTo(read.select(0, i).contiguous(), patches, 1e-6, 'patches');
  });
  table.dispose();
  vlm.dispose();
});

leakFree('drawn clips are those of the generator, in order, with their masks', async () => {
  const vlm = tinyVlm();
  const { config } = vlm.model as Qwen25VL;
  const { tokenizer } = vlm;
  const ranges = [
    { split: 'pretrain', form: 'single', from: 5, count: 70 },
    { split: 'test', form: 'world', from: 0, count: 3 },
  ] as const;
  const data = await worldData(ranges, (texts) => texts.flatMap(choicesOf), {
    config,
    tokenizer,
    device: 'cpu',
    masks: true,
  });
  const places = [0, 69, 71].map(
    (i) => [i, i < 70 ? makeClip('pretrain', 5 + i, { form: 'single' }) : makeClip('test', i - 70)] as const,
  );
  scope(() => {
    for (const [i, clip] of places) {
      const own = new ClipTable(1, config.vision, 'cpu');
      own.put(0, clip.frames);
      closeTo(data.clips.patches.select(0, i).contiguous(), own.patches.select(0, 0).contiguous(), 0, `clip ${i}`);
      own.dispose();
      assert.deepEqual(Buffer.from(data.masks!.subarray(i * 65536, (i + 1) * 65536)), Buffer.from(clip.masks));
      assert.equal(data.texts[i]!.caption, clip.caption);
    }
  });
  data.dispose();
  vlm.dispose();
});
