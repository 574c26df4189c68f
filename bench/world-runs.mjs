// Time of a fine-tuning step of R mini VLMs at once: node bench/world-runs.mjs CHECKPOINT [R…]
import {
  keep,
  manualSeed,
  memoryStats,
  ones,
  rand,
  randint,
  resetPeakMemory,
  scope,
} from '../packages/libtorch/dist/index.js';
import { loadVlm } from '../packages/motion-enhancer/dist/vlm/families/load.js';
import { RUN_RECIPE } from '../packages/motion-world/dist/runs/spec.js';
import { trainRuns } from '../packages/motion-world/dist/runs/train-runs.js';
import { choicesOf } from '../packages/motion-world/dist/vlm/pretrain-samples.js';
import { worldData } from '../packages/motion-world/dist/vlm/world-data.js';

const [dir, ...counts] = process.argv.slice(2);
const device = process.env.DEVICE ?? 'cuda:0';
const dtype = process.env.DTYPE ?? 'bfloat16';
const steps = Number(process.env.STEPS ?? 14);
manualSeed(0);
const vlm = loadVlm(dir, { device, dtype: 'float32' });
const { config } = vlm.model;
const CLIPS = 256;
const data = await worldData(
  [{ split: 'train', form: 'world', from: 0, count: CLIPS }],
  (texts) => texts.flatMap(choicesOf),
  {
    config,
    tokenizer: vlm.tokenizer,
    device,
  },
);
const N = data.samples.samples.length;
const [W, Q, S] = [8, 12, 512];
const alignment = keep(
  scope(() => ({
    grid: { frames: 8, height: 8, width: 8 },
    rows_NQ: randint(150, 170, [N, Q], { device }),
    share_NWQ: rand([N, W, Q], { device }),
    priors_ANWS: rand([2, N, W, S], { device }).to('float16'),
    words_ANW: ones([2, N, W], { device }),
  })),
);
for (const count of counts.map(Number)) {
  const runs = Array.from({ length: count }, (_, r) => ({
    arm: r % 2 ? 'aligned' : 'plain',
    seed: r >> 1,
    data: N,
    prior: r % 2,
    lambda: 1,
    lambdaRatio: 0,
    aligner: ['identity', 'mlp'][(r >> 1) % 2],
  }));
  if (device !== 'cpu') resetPeakMemory(device);
  const times = [];
  const { parameters } = trainRuns({
    ...{ start: vlm.model.parameters(), config, runs, data: { ...data, alignment }, device, dtype, logEvery: 1 },
    recipe: { ...RUN_RECIPE, steps, ratioEvery: 0 },
    onLog: () => times.push(performance.now()),
  });
  for (const p of parameters.values()) p.dispose();
  const each = times
    .slice(1)
    .map((t, i) => t - times[i])
    .slice(3)
    .sort((a, b) => a - b);
  const median = each[Math.floor(each.length / 2)];
  const gib = device === 'cpu' ? 0 : memoryStats(device).peak / 2 ** 30;
  console.log(
    `R ${count}: ${median.toFixed(1)} ms a step, ${(median / count).toFixed(2)} ms a run and step, peak ${gib.toFixed(1)} GiB (${dtype})`,
  );
}
data.dispose();
vlm.dispose();
