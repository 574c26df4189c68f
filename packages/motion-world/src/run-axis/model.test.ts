import assert from 'node:assert/strict';
import { join } from 'node:path';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { layOut } from '@motion-enhancer/core/internal/vlm/chat/chat.js';
import { loadVlm, type Vlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { VIDEO_FIELDS } from '@motion-enhancer/core/internal/vlm/media/video-input.js';
import {
  backward,
  keep,
  manualSeed,
  noGrad,
  randint,
  randn,
  scope,
  stack,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { positionsTensor, type Qwen25VL } from '@motion-enhancer/models';
import { freshSeed, temporaryFolder } from '@motion-enhancer/support/testing';
import { TINY, tinyTokenizer } from '../testing.js';
import { writeNewMiniVlm } from '../vlm/new-checkpoint.js';
import { repeatRuns, runForward, runOf } from './model.js';

const SETTINGS = resolve(VIDEO_FIELDS, { fps: 8, maxPixels: 4096 });
const QUESTIONS = ['which way does the thing move?', 'the red circle moves left, a blue square stays. which way?'];

function withTiny(body: (vlm: Vlm) => void): void {
  const dir = join(temporaryFolder(), 'vlm');
  writeNewMiniVlm(dir, tinyTokenizer(), { seed: freshSeed(), sizes: TINY });
  const vlm = loadVlm(dir, { device: 'cpu', dtype: 'float32' });
  try {
    body(vlm);
  } finally {
    vlm.dispose();
  }
}

/** Both questions about two random clips, as every VLM of the project takes them. */
function chatsOf(vlm: Vlm) {
  return QUESTIONS.map((text) => {
    const frames = randint(0, 256, [16, 3, 64, 64]).to('uint8');
    const medium = vlm.prepareMedium({ type: 'video', frames, sampleFps: 8, seconds: [] }, SETTINGS);
    const message = {
      role: 'user',
      content: [
        { type: 'video', frames, sampleFps: 8 },
        { type: 'text', text },
      ],
    } as const;
    return layOut(vlm, [message], [medium], SETTINGS);
  });
}

/** The same batch for R runs. */
function inputOf(vlm: Vlm, chats: ReturnType<typeof chatsOf>, runs: number) {
  const length = Math.max(...chats.map(({ ids }) => ids.length));
  const longest = chats.find(({ ids }) => ids.length === length)!;
  const int64 = (rows: number[][]) => tensor(rows, { dtype: 'int64' }).unsqueeze(0).repeat(runs, 1, 1);
  const padded = chats.map(({ ids }) => [...ids, ...new Array<number>(length - ids.length).fill(vlm.tokenizer.padId)]);
  const [positions] = longest.media.map(({ positions }) => positions);
  return {
    ids_RBN: int64(padded),
    patches_RBPI: stack(chats.map(({ inputs }) => inputs[0]!.pixels))
      .unsqueeze(0)
      .repeat(runs, 1, 1, 1),
    grid: chats[0]!.inputs[0]!.grid,
    visual: [positions![0]!, positions!.at(-1)! + 1] as const,
    positions_31N: positionsTensor([longest.rope!.positions]),
    logitPositions_RBK: int64(chats.map(({ ids }) => [ids.length - 1, ids.length - 3])),
    rows_RBQ: int64(chats.map(({ ids }) => [positions!.at(-1)! + 2, positions!.at(-1)! + 4, ids.length - 2])),
  };
}

tensorTest('a run equals Qwen2.5-VL itself: logits and rows of attention, of each run with its own weights', () => {
  manualSeed(freshSeed());
  withTiny((vlm) => {
    const model = vlm.model as Qwen25VL;
    const chats = chatsOf(vlm);
    const R = 3;
    const parameters = repeatRuns(model.parameters(), R, 'cpu');
    noGrad(() => {
      for (const p of parameters.values()) p.add_(randn(p.shape).mul(0.05));
      const input = inputOf(vlm, chats, R);
      const { logits, rows } = scope(() => runForward(input, parameters, model.config));
      for (let r = 0; r < R; r++) {
        for (const [name, p] of runOf(parameters, r)) model.parameters().get(name)!.copy_(p);
        chats.forEach((chat, b) => {
          const positions = input.logitPositions_RBK.select(0, r).select(0, b).toArray().map(Number);
          const places = input.rows_RBQ.select(0, r).select(0, b).toArray().map(Number);
          const visual = vlm.encode(chat.inputs);
          const theirs = vlm.forward(chat, { visual, rows: places, logits: positions });
          const at = (x: Tensor) => x.select(0, r).select(0, b).contiguous();
          closeTo(at(logits), theirs.logits.select(0, 0).contiguous(), 2e-5, `logits of run ${r}, sample ${b}`);
          const [start, end] = input.visual;
          closeTo(at(rows!), theirs.rows!.narrow(1, start, end - start).contiguous(), 2e-5, `rows of run ${r}`);
        });
      }
    });
    for (const p of parameters.values()) p.dispose();
    free(chats);
  });
});

tensorTest('gradients of a run are those of Qwen2.5-VL, and no run feels another', () => {
  manualSeed(freshSeed());
  withTiny((vlm) => {
    const model = vlm.model as Qwen25VL;
    const chats = chatsOf(vlm);
    const parameters = repeatRuns(model.parameters(), 2, 'cpu');
    scope(() => {
      const { logits, rows } = runForward(inputOf(vlm, chats, 2), parameters, model.config);
      // Only the first run has a loss.
      backward([logits.select(0, 0).square().sum().add(rows!.select(0, 0).square().sum(), 100)]);
    });
    for (const p of model.parameters().values()) p.requiresGrad_();
    scope(() => {
      const input = inputOf(vlm, chats, 1);
      chats.forEach((chat, b) => {
        const [positions, places] = [input.logitPositions_RBK, input.rows_RBQ].map((x) =>
          x.select(0, 0).select(0, b).toArray(),
        );
        const visual = vlm.encode(chat.inputs);
        const { logits, rows } = vlm.forward(chat, {
          visual,
          rows: places!.map(Number),
          logits: positions!.map(Number),
        });
        const [start, end] = input.visual;
        backward([
          logits
            .square()
            .sum()
            .add(
              rows!
                .narrow(1, start, end - start)
                .square()
                .sum(),
              100,
            ),
        ]);
      });
    });
    let largest = 0;
    for (const [name, p] of parameters) {
      const gradient = keep(p.grad!);
      closeTo(gradient.select(0, 0).contiguous(), model.parameters().get(name)!.grad!.contiguous(), 1e-3, name);
      assert.equal(gradient.select(0, 1).abs().max().item(), 0, `${name}: the other run`);
      largest = Math.max(largest, gradient.abs().max().item());
      gradient.dispose();
      p.grad = null;
      p.dispose();
    }
    assert.ok(largest > 0);
    for (const p of model.parameters().values()) p.grad = null;
    free(chats);
  });
});

function free(chats: ReturnType<typeof chatsOf>): void {
  for (const { positions, inputs } of chats) {
    positions?.dispose();
    for (const { pixels } of inputs) pixels.dispose();
  }
}
