// Everything once on a GPU, without the video decoder: extraction, training steps and generation with small random
// checkpoints and made frames; typed out-of-memory; nothing leaks.   node bench/gpu-smoke.mjs
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as T from '../packages/libtorch/dist/index.js';
import { generate, prepareVideoChat } from '../packages/models/dist/index.js';
import { alignmentGrid, createAligner, placeWords } from '../packages/motion-enhancer/dist/align/index.js';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { PRIOR_FIELDS } from '../packages/motion-enhancer/dist/prior/config.js';
import { loadVdm } from '../packages/motion-enhancer/dist/prior/diffusion/vdm.js';
import { extract } from '../packages/motion-enhancer/dist/prior/extract.js';
import { alignedStep } from '../packages/motion-enhancer/dist/train/loss/step.js';
import { parameterGroups } from '../packages/motion-enhancer/dist/train/optim/groups.js';
import { RECIPE_FIELDS } from '../packages/motion-enhancer/dist/train/recipe.js';
import { loadVlm } from '../packages/motion-enhancer/dist/vlm/families/load.js';
import { demoCheckpoints } from '../packages/motion-world/dist/demo/checkpoints.js';

const device = T.resolveDevice('cuda');
const before = T.liveTensors();
const { vdm: vdmDir, vlm: vlmDir } = demoCheckpoints(mkdtempSync(join(tmpdir(), 'gpu-smoke-')));
const TEXT = 'A red ball bounces over the green grass.';
const [n, h, w] = [13, 128, 192];
const data = Uint8Array.from({ length: n * h * w * 3 }, (_, i) => (i * 2654435761) >>> 24);
const frames = { data, width: w, height: h, indices: [...Array(n).keys()], timestamps: [...Array(n).keys()], info: {} };

for (const dtype of ['float32', 'bfloat16']) {
  const vdm = await loadVdm(vdmDir, { device, dtype });
  const began = performance.now();
  const prior = await extract(vdm, frames, TEXT, resolve(PRIOR_FIELDS, { frames: n, height: h, width: w }));
  vdm.dispose();
  assert.equal(
    T.scope(() => prior.rows_WFHW.isfinite().all().item()),
    1,
  );
  console.log(
    `extract ${dtype}: ${prior.words.length} words, grid ${prior.rows_WFHW.shape.slice(1).join('×')}, ${((performance.now() - began) / 1000).toFixed(2)} s`,
  );

  const vlm = loadVlm(vlmDir, { device, dtype, trainable: true });
  const recipe = resolve(RECIPE_FIELDS, { lr: 1e-3, mergerLr: 1e-3, visionLr: 2e-4, alignerWidth: 64 });
  const chat = T.scope(() => {
    const tensor = T.fromTypedArray(data, [n, h, w, 3]).permute(0, 3, 1, 2).contiguous().narrow(0, 0, 12);
    return T.keep(
      prepareVideoChat(
        vlm.tokenizer,
        vlm.model.config,
        { video: { frames: tensor, sampleFps: 4 }, prompt: 'What moves?', answer: TEXT },
        { maxPixels: 50000 },
      ),
    );
  });
  const { frames: F, height, width } = prior.grid;
  const grid = alignmentGrid([{ frames: F, height, width }]);
  const kept = prior.words.map((word, i) => ({ ...word, i })).filter((word) => word.kept);
  const placed = placeWords(TEXT, kept, { text: chat.text, spans: chat.tokenSpans, afterVideo: chat.visualSpan[1] });
  const rows = T.scope(() =>
    prior.rows_WFHW.flatten(1).indexSelect(
      0,
      T.tensor(
        placed.map((p) => kept[p.index].i),
        { dtype: 'int64', device },
      ),
    ),
  );
  const generator = new T.Generator(0);
  const aligner = createAligner({ kind: 'mlp', cells: F * height * width, hidden: 64, device, generator });
  generator.dispose();
  const optimiser = new T.AdamW(
    parameterGroups(vlm.model, aligner, recipe).map((g) => ({
      params: g.params,
      lr: g.peak,
      weightDecay: g.weightDecay,
    })),
    { lr: 1e-3, masterWeights: true },
  );
  const [frameCount, gh, gw] = chat.visualGrid;
  const losses = [];
  for (let step = 0; step < 6; step++) {
    T.scope(() => {
      const out = alignedStep(vlm, aligner, {
        chat: {
          ids: chat.ids,
          labels: chat.labels,
          positions: chat.positions,
          inputs: [{ pixels: chat.patches, grid: chat.grid }],
        },
        prior: {
          rows_WS: rows,
          grid,
          words: placed.map((p) => p.tokens),
          visual: chat.visualSpan,
          visualGrid: { frames: frameCount, height: gh, width: gw },
        },
      });
      T.backward([out.lossAr.add(out.lossAlign)]);
      const grads = optimiser.params.map((p) => p.grad);
      T.clipGradNorm(grads, 1);
      optimiser.step(grads);
      for (const p of optimiser.params) p.grad = null;
      losses.push([out.lossAr.item(), out.lossAlign.item()]);
    });
  }
  console.log(
    `train ${dtype}: L_AR ${losses[0][0].toFixed(3)} → ${losses.at(-1)[0].toFixed(3)}, L_MSE ${losses[0][1].toFixed(4)} → ${losses.at(-1)[1].toFixed(4)}`,
  );
  assert.ok(losses.at(-1)[0] < losses[0][0] && losses.at(-1)[1] < losses[0][1]);
  const reply = T.scope(() =>
    T.noGrad(() =>
      generate(
        vlm.model,
        { ids: chat.ids, visual: vlm.model.encodeVisual(chat.patches, [chat.grid]), rope: chat.rope },
        { maxNewTokens: 8, eosIds: vlm.generation.eosIds },
      ),
    ),
  );
  console.log(`generate ${dtype}: ${reply.length} tokens`);
  for (const t of [rows, chat.patches, chat.positions, prior.rows_WFHW]) t.dispose();
  optimiser.dispose();
  aligner.dispose();
  vlm.dispose();
}

const error = (() => {
  try {
    T.scope(() => T.zeros([2 ** 40], { device, dtype: 'float32' }));
  } catch (e) {
    return e;
  }
})();
assert.equal(error?.name, 'OutOfMemoryError');
console.log(`out of memory: ${error.code}: ${error.message.split('\n')[0].slice(0, 90)}…`);
assert.equal(T.liveTensors(), before);
const { allocated } = T.memoryStats(device);
console.log(`live tensors as at the start; ${allocated} bytes allocated on ${device}`);
