// One training step of Qwen2.5-VL at real size, random weights made on the GPU, one sample a step: plain fine-tuning and
// with alignment, recomputing blocks or keeping activations, side by side in one run.
//   node bench/train-step.mjs [--size 3b|7b|tiny] [--tokens 4058,8018] [--kinds blocks,vision,llm,none] [--out FILE] [--json FILE]
// A video at 504 × 280 (20 × 36 patches, 180 tokens a frame pair), 278 tokens of text, 200 of them learned, 20 words aligned.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as T from '../packages/libtorch/dist/index.js';
import { positionsTensor, Qwen25VL, readQwen25VLConfig, ropeIndex } from '../packages/models/dist/qwen2-5-vl/index.js';
import { parameterShapes } from '../packages/models/dist/qwen2-5-vl/weights.js';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { RECIPE_FIELDS } from '../packages/motion-enhancer/dist/train/recipe.js';
import { Trainer } from '../packages/motion-enhancer/dist/train/run/trainer.js';
import { qwen25VLFamily } from '../packages/motion-enhancer/dist/vlm/families/qwen2-5-vl/family.js';
import { qwen25VLModel } from '../packages/motion-enhancer/dist/vlm/families/qwen2-5-vl/model.js';
import { qwenConfigOf } from './random-vlm.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const size = option('--size', '3b');
const lengths = option('--tokens', '4058,8018').split(',').map(Number);
const repeats = Number(option('--repeats', 4));
const kinds = option('--kinds', 'blocks,none').split(',');
const out = option('--out', null);
const json = option('--json', null);
const device = T.resolveDevice(option('--device', 'auto'));
const dtype = device === 'cpu' ? 'float32' : 'bfloat16';

const raw = qwenConfigOf(`qwen-${size}`);
const config = readQwen25VLConfig(raw, 'bench');

T.manualSeed(0);
const parameters = new Map();
for (const [name, shape] of parameterShapes(config))
  parameters.set(
    name,
    T.scope(() =>
      T.keep(
        /norm|ln_q/.test(name)
          ? T.ones(shape, { device, dtype })
          : T.randn(shape, { device, dtype }).mul(shape.length === 1 ? 0.02 : Math.min(0.02, shape.at(-1) ** -0.5)),
      ),
    ).requiresGrad_(),
  );
const model = new Qwen25VL({ config, parameters, device, dtype, dir: '', form: 'hub' });
const facts = { config, size: qwen25VLFamily.size(raw, 'bench') };
const vlm = {
  ...{ ...qwen25VLModel(model), device, dtype },
  stepFlops: (sample) => qwen25VLFamily.stepFlops(facts, sample),
};
const count = [...parameters.values()].reduce((n, p) => n + p.numel, 0);

const PER_PAIR = 180;
const TEXT = 278;
const GRID = { frames: 13, height: 15, width: 21 };
const recipe = resolve(RECIPE_FIELDS, { batchSize: 1, ratioEvery: 0, saveEvery: 0, lr: 1e-6, warmupRatio: 0 });
const index = { grid: GRID, fingerprint: '' };
const folder = mkdtempSync(join(tmpdir(), 'train-step-'));
const trainer = new Trainer({ vlm, rows: [], recipe, index, out: folder, total: 1000 });

/** A sample of about `tokens` tokens, with its prior. */
function sampleOf(tokens) {
  const pairs = Math.max(1, Math.round((tokens - TEXT) / PER_PAIR));
  const grid = [pairs, 20, 36];
  const before = Array.from({ length: 20 }, (_, i) => 1000 + i);
  const pads = new Array(pairs * PER_PAIR).fill(151656);
  const after = Array.from({ length: TEXT - 22 }, (_, i) => 5000 + 7 * i);
  const ids = [...before, 151652, ...pads, 151653, ...after];
  const learned = ids.length - 200;
  const rope = ropeIndex(ids, [grid], [2], config);
  const words = Array.from({ length: 20 }, (_, i) =>
    i % 3 === 0 ? [learned + 6 * i, learned + 6 * i + 1] : [learned + 6 * i],
  );
  const made = T.keep(
    T.scope(() => ({
      positions: positionsTensor([rope.positions]),
      pixels: T.randn([pairs * 720, 1176]),
      rows_WS: T.rand([words.length, GRID.frames * GRID.height * GRID.width])
        .mul(5e-4)
        .to('float32', device),
    })),
  );
  const chat = {
    ids,
    labels: ids.map((id, i) => (i < learned ? -100 : id)),
    text: '',
    tokenSpans: [],
    positions: made.positions,
    rope,
    media: [{ type: 'video', positions: pads.map((_, i) => 21 + i), grid: [pairs, 10, 18] }],
    inputs: [{ type: 'video', pixels: made.pixels, grid, frames: [], seconds: [] }],
  };
  return {
    row: { id: 'x' },
    chat,
    prior: { rows_WS: made.rows_WS, words, weight: 1, dropped: 0 },
    droppedWords: 0,
    made,
  };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const results = [];
for (const tokens of lengths) {
  const item = sampleOf(tokens);
  const variants = kinds.flatMap((recompute) => [false, true].map((align) => ({ recompute, align })));
  // Both of a pair turn by turn: what the machine does meanwhile meets them alike.
  for (const recompute of kinds) {
    const pair = variants.filter((v) => v.recompute === recompute);
    const logs = pair.map(() => []);
    try {
      for (let i = -2; i < repeats; i++)
        for (const [p, { align }] of pair.entries()) {
          recipe.recompute = recompute;
          T.synchronize(device);
          const log = trainer.run([{ ...item, prior: align ? item.prior : null }], performance.now());
          T.synchronize(device);
          if (i >= 0) logs[p].push(log);
        }
    } catch (error) {
      console.log(`${tokens} tokens, ${recompute}: ${String(error.message).split('\n')[0].slice(0, 160)}`);
      for (const p of model.parameters().values()) p.grad = null;
      if (device !== 'cpu') T.emptyCache(device);
      continue;
    }
    for (const [p, v] of pair.entries()) {
      const seconds = median(logs[p].map((log) => log.seconds));
      const result = {
        ...v,
        tokens: item.chat.ids.length,
        seconds,
        tokensPerSecond: item.chat.ids.length / seconds,
        mfu: logs[p][0].mfu === null ? null : (logs[p][0].mfu * logs[p][0].seconds) / seconds,
        peakGiB: Math.max(...logs[p].map((log) => log.memoryBytes)) / 2 ** 30,
        lossAr: logs[p].at(-1).lossAr,
        lossAlign: logs[p].at(-1).lossAlign,
      };
      results.push(result);
      console.log(JSON.stringify(result));
    }
  }
  for (const tensor of Object.values(item.made)) tensor.dispose();
  if (device !== 'cpu') T.emptyCache(device);
}

const LABELS = {
  blocks: 'again, by blocks',
  vision: 'kept but for the tower',
  llm: 'kept but for the decoder',
  none: 'kept',
};
const gpu = device === 'cpu' ? cpus()[0].model : T.deviceInfo(0).name;
const rows = results.map((r) => {
  const off = results.find((x) => x.tokens === r.tokens && x.recompute === r.recompute && !x.align);
  return `| ${r.tokens} | ${LABELS[r.recompute]} | ${r.align ? 'on' : 'off'} | ${r.seconds.toFixed(3)} | ${r.tokensPerSecond.toFixed(0)} | ${r.mfu === null ? '–' : `${(100 * r.mfu).toFixed(1)} %`} | ${r.peakGiB.toFixed(1)} | ${(r.seconds / off.seconds).toFixed(3)} | ${(r.peakGiB / off.peakGiB).toFixed(3)} |`;
});
const text = `## Qwen2.5-VL, ${size}: ${(count / 1e9).toFixed(2)} G parameters

| tokens | activations | alignment | s a step | tokens/s | MFU | peak, GiB | time ratio | memory ratio |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

One sample a step, everything trained, ${dtype} with float32 master weights and moments, optimiser step included; untrained random
weights${process.env.MOTION_ENHANCER_PLAIN === '1' ? '; without kernels of our own' : ''}. MFU counts 3 × the forward pass, recomputation not. Ratios: alignment on to off, the two run turn by turn. ${gpu};
libtorch ${T.version()}; ${new Date().toISOString().slice(0, 10)}; commit ${process.env.COMMIT ?? 'unknown'}, command
\`node bench/train-step.mjs ${process.argv.slice(2).join(' ')}\`
`;
console.log(text);
if (out) writeFileSync(out, text);
if (json) writeFileSync(json, JSON.stringify({ size, count, gpu, results }, null, 2));
