// One training step of Qwen2.5-VL at real size on several GPUs, random weights, one sample of each rank a step:
//   node bench/train-groups.mjs --ranks 2 [--size 3b|7b|tiny] [--sharding none|optimizer|full] [--tokens 4058] [--repeats 5]
//     [--align] [--gradients weights|float32] [--out FILE]
// starts so many processes on this host; under torchrun --no-python or srun it takes the launcher's, without --ranks. One rank
// with --backend nccl (or gloo) runs the collectives as well, which is what they cost.
// A video at 504 × 280 (20 × 36 patches, 180 tokens a frame pair), 278 tokens of text, 200 of them learned, as train-step.mjs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as T from '../packages/libtorch/dist/index.js';
import { positionsTensor, Qwen25VL, readQwen25VLConfig, ropeIndex } from '../packages/models/dist/qwen2-5-vl/index.js';
import { parameterShapes } from '../packages/models/dist/qwen2-5-vl/weights.js';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { deviceOfRank } from '../packages/motion-enhancer/dist/parallel/device-of-rank.js';
import { startProcesses } from '../packages/motion-enhancer/dist/parallel/start-processes.js';
import { BlockGates } from '../packages/motion-enhancer/dist/train/parallel/block-gates.js';
import { RECIPE_FIELDS } from '../packages/motion-enhancer/dist/train/recipe.js';
import { Trainer } from '../packages/motion-enhancer/dist/train/run/trainer.js';
import { qwen25VLFamily } from '../packages/motion-enhancer/dist/vlm/families/qwen2-5-vl/family.js';
import { qwen25VLModel } from '../packages/motion-enhancer/dist/vlm/families/qwen2-5-vl/model.js';
import { qwenConfigOf } from './random-vlm.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const place = T.readGroupEnvironment();
const ranks = Number(option('--ranks', 1));
if (place.launcher === 'none' && ranks > 1) {
  process.exitCode = await startProcesses({
    command: process.execPath,
    args: [fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    count: ranks,
  });
} else await measure();

async function measure() {
  const size = option('--size', '3b');
  const sharding = option('--sharding', 'none');
  const tokens = Number(option('--tokens', 4058));
  const repeats = Number(option('--repeats', 5));
  const device = T.resolveDevice(deviceOfRank(option('--device', 'auto'), place.localRank));
  T.useDevice(device);
  const dtype = device === 'cpu' ? 'float32' : 'bfloat16';
  const folder = mkdtempSync(join(tmpdir(), 'train-groups-'));
  const backend = option('--backend', 'auto');
  const store = place.store ?? (backend === 'auto' ? null : { kind: 'file', path: join(folder, 'store') });
  const group = await T.joinGroup({ ...place, store, device, backend });

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
  const gates = new BlockGates();
  const model = new Qwen25VL({ config, parameters, device, dtype, dir: '', form: 'hub', wrapBlock: gates.wrap });
  const count = [...parameters.values()].reduce((n, p) => n + p.numel, 0);
  const facts = { config, size: qwen25VLFamily.size(raw, 'bench') };
  const vlm = {
    ...{ ...qwen25VLModel(model), device, dtype },
    stepFlops: (sample) => qwen25VLFamily.stepFlops(facts, sample),
  };
  const GRID = { frames: 13, height: 15, width: 21 };
  const recipe = resolve(RECIPE_FIELDS, {
    ...{ batchSize: group.size, ratioEvery: 0, saveEvery: 0, lr: 1e-6, warmupRatio: 0 },
    gradients: option('--gradients', 'weights'),
  });
  const index = { grid: GRID, fingerprint: '' };
  const trainer = new Trainer({
    ...{ vlm, rows: [], recipe, index, out: folder, total: 1000, group, sharding, gates },
  });
  if (device !== 'cpu') T.emptyCache(device);

  const item = sampleOf(config, tokens, GRID, device);
  const align = process.argv.includes('--align');
  const batch = [align ? item : { ...item, prior: null }];
  const learned = batch[0].chat.labels.filter((label) => label !== -100).length;
  const totals = {
    ...{ samples: group.size, aligned: align ? group.size : 0, learned: learned * group.size },
    ...{ sees: true, passes: 1 },
  };
  const logs = [];
  let first = null;
  for (let i = -2; i < repeats; i++) {
    T.synchronize(device);
    await T.barrier(group);
    const began = performance.now();
    const log = trainer.run(batch, began, totals);
    T.synchronize(device);
    const seconds = (performance.now() - began) / 1000;
    first ??= log;
    if (i >= 0) logs.push({ ...log, seconds });
  }
  const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const own = {
    seconds: median(logs.map((log) => log.seconds)),
    peakGiB: Math.max(...logs.map((log) => log.memoryBytes)) / 2 ** 30,
    host: hostname(),
  };
  const all = await T.gatherJson(own, group);
  if (group.rank === 0) {
    const seconds = Math.max(...all.map((rank) => rank.seconds));
    const length = item.chat.ids.length;
    const flops = vlm.stepFlops({
      ...{ tokens: length, logits: learned, media: item.chat.inputs },
    });
    const result = {
      ...{ size, billions: count / 1e9, ranks: group.size, backend: group.backend, sharding, align, dtype },
      ...{ tokens: length, seconds, tokensPerSecondPerGpu: length / seconds },
      teraflopsPerGpu: flops / seconds / 1e12,
      peakGiB: Math.max(...all.map((rank) => rank.peakGiB)),
      secondsByRank: all.map((rank) => rank.seconds),
      lossAr: [first.lossAr, logs.at(-1).lossAr],
      lossAlign: logs.at(-1).lossAlign,
      gpu: device === 'cpu' ? cpus()[0].model : T.deviceInfo(Number(device.split(':')[1] ?? 0)).name,
      hosts: new Set(all.map((rank) => rank.host)).size,
      libtorch: T.version(),
      date: new Date().toISOString().slice(0, 10),
      commit: process.env.COMMIT ?? 'unknown',
      command: `node bench/train-groups.mjs ${process.argv.slice(2).join(' ')}`,
    };
    console.log(JSON.stringify(result));
    const out = option('--out', null);
    if (out) writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
  }
  for (const tensor of Object.values(item.made)) tensor.dispose();
  trainer.dispose();
  model.dispose();
  await group.close();
  rmSync(folder, { recursive: true, force: true });
}

/** A sample of about `tokens` tokens, with its prior. */
function sampleOf(config, tokens, GRID, device) {
  const [PER_PAIR, TEXT] = [180, 278];
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
    ...{ ids, text: '', tokenSpans: [], positions: made.positions, rope },
    labels: ids.map((id, i) => (i < learned ? -100 : id)),
    media: [{ type: 'video', positions: pads.map((_, i) => 21 + i), grid: [pairs, 10, 18] }],
    inputs: [{ type: 'video', pixels: made.pixels, grid, frames: [], seconds: [] }],
  };
  const prior = { rows_WS: made.rows_WS, words, weight: 1, dropped: 0 };
  return { row: { id: 'x' }, chat, prior, droppedWords: 0, made };
}
