// One decoding step of a model's first layers, launch by launch, for ncu:
//   ncu --clock-control none --metrics gpu__time_duration.sum --csv --log-file F node bench/decode-profile.mjs [SIZE] [BATCH]
//   node bench/decode-profile.mjs --table F
import { readFileSync } from 'node:fs';

if (process.argv[2] === '--table') {
  const lines = readFileSync(process.argv[3], 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('"'));
  const rows = lines.map((line) => [...line.matchAll(/"([^"]*)"/g)].map((m) => m[1]));
  const head = rows[0];
  const at = (name) => head.indexOf(name);
  const sum = new Map();
  for (const row of rows.slice(1)) {
    const value = Number(row[at('Metric Value')].replaceAll(',', ''));
    const us = row[at('Metric Unit')] === 'ns' ? value / 1000 : row[at('Metric Unit')] === 'ms' ? value * 1000 : value;
    const name = row[at('Kernel Name')].slice(0, 70);
    const grid = row[at('Grid Size')];
    const key = `${name} | ${grid}`;
    const old = sum.get(key) ?? [0, 0];
    sum.set(key, [old[0] + us, old[1] + 1]);
  }
  console.log('| kernel | grid | launches | us each |\n| --- | --- | --- | --- |');
  for (const [key, [us, n]] of [...sum].sort((a, b) => b[1][0] - a[1][0]).slice(0, 24))
    console.log(`| ${key} | ${n} | ${(us / n).toFixed(2)} |`);
} else {
  const T = await import('../packages/libtorch/dist/index.js');
  const { decodeOn, KVCache } = await import('../packages/models/dist/vlm-common/language/index.js');
  const { randomModel, SIZES } = await import('./random-vlm.mjs');
  const size = process.argv[2] ?? 'qwen-3b';
  const B = Number(process.argv[3] ?? 1);
  SIZES[size].num_hidden_layers = 2;
  const device = T.resolveDevice('auto');
  const model = randomModel(size, device, device === 'cpu' ? 'float32' : 'bfloat16');
  const { text } = model.config;
  const length = 8018;
  const cache = new KVCache(length + 16);
  T.noGrad(() => {
    for (let layer = 0; layer < 2; layer++)
      T.scope(() => {
        const make = () => T.randn([B, text.numKeyValueHeads, length, text.headDim], { device, dtype: model.dtype });
        cache.append(layer, make(), make());
      });
    cache.advance(length);
  });
  const ids = Array.from({ length: B }, (_, b) => 100 + b);
  const zeros = new Array(B).fill(0);
  const start = { ids, seen: ids.map((id) => [id]), length, padding: zeros, shift: zeros };
  decodeOn({ weights: model.weights.language_model, config: text }, cache, start, {
    maxSteps: 2,
    cudaGraph: false,
    accept: () => true,
  });
}
