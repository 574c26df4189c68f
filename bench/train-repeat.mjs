// Does a run repeat bit for bit on this device, and does one that was stopped and resumed equal one that was not? A random
// Qwen2.5-VL, PNG frames, made-up priors, alignment on:   node bench/train-repeat.mjs
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as T from '../packages/libtorch/dist/index.js';
import { writeRandomQwen25VL } from '../packages/models/dist/index.js';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { encodePng } from '../packages/motion-enhancer/dist/data/image/index.js';
import { readData } from '../packages/motion-enhancer/dist/data/rows.js';
import { PRIOR_FIELDS } from '../packages/motion-enhancer/dist/prior/config.js';
import { PriorStore } from '../packages/motion-enhancer/dist/prior/store/store.js';
import { keptWords } from '../packages/motion-enhancer/dist/testing/kept-words.js';
import { RECIPE_FIELDS } from '../packages/motion-enhancer/dist/train/recipe.js';
import { train } from '../packages/motion-enhancer/dist/train/run/train.js';
import { loadVlm } from '../packages/motion-enhancer/dist/vlm/index.js';

const device = T.resolveDevice('auto');
const dtype = device === 'cpu' ? 'float32' : 'bfloat16';
const dir = mkdtempSync(join(tmpdir(), 'train-repeat-'));
const at = (...parts) => join(dir, ...parts);
writeRandomQwen25VL(at('vlm'), { seed: 1, layers: 4, hiddenSize: device === 'cpu' ? 64 : 512, dtype });
const tokenizer = fileURLToPath(new URL('../test/fixtures/tokenizers/qwen2', import.meta.url));
for (const name of readdirSync(tokenizer)) copyFileSync(join(tokenizer, name), at('vlm', name));
writeFileSync(at('vlm', 'RANDOM_WEIGHTS'), 'random\n');
mkdirSync(at('frames'));
const [width, height] = [224, 168];
const frames = Array.from({ length: 8 }, (_, f) => {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i / 7 + 31 * f) & 255);
  writeFileSync(at('frames', `${f}.png`), encodePng({ width, height, data }));
  return at('frames', `${f}.png`);
});
const text = 'A small dog jumps over the fence and runs away quickly.';
const words = keptWords(text);
const grid = { frames: 3, height: 5, width: 6 };
const store = new PriorStore(at('priors'));
const rows = [0, 1, 2, 3].map((i) => {
  T.manualSeed(i);
  T.scope(() => {
    const rows_WFHW = T.rand([words.length, grid.frames, grid.height, grid.width]).mul(0.02);
    const info = {
      ...{ format: 1, id: `s${i}`, key: `k${i}`, text, words, grid, options: resolve(PRIOR_FIELDS, {}) },
      heads: [{ dfc: 0.1, tcs: 1, dsr: 0.5, score: 0.25, rank: 0, kept: true }],
      cell: { pixelHeight: 16, pixelWidth: 16, frames: [], seconds: [] },
      video: { file: `s${i}`, sha256: '', verdict: 'ok', frames: [0], seconds: [0] },
      model: { vdm: 'made up', sha256: '', weights: 'random', dtype, device: 'cpu' },
      ...{ code: 'bench', createdAt: '2026-01-01T00:00:00Z' },
    };
    store.write({ info, rows_WFHW, allHeads_WFHW: rows_WFHW });
  });
  return {
    id: `s${i}`,
    videos: [frames.slice(i, i + 4)],
    messages: [
      { role: 'user', content: '<video>What happens?' },
      { role: 'assistant', content: text },
    ],
  };
});
writeFileSync(at('data.json'), JSON.stringify(rows));

const hash = (path) => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
async function run(name, deterministic, stopAt = 0, resume = false) {
  const vlm = loadVlm(at('vlm'), { device, dtype, trainable: true });
  const stop = new AbortController();
  const given = {
    steps: 8,
    batchSize: 2,
    lr: 1e-4,
    ratioEvery: 3,
    lambdaRatio: 0.5,
    saveEvery: 0,
    workers: 2,
    deterministic,
  };
  const result = await train({
    ...{ vlm, rows: readData([at('data.json')]).rows, priors: at('priors'), out: at(name), resume },
    recipe: resolve(RECIPE_FIELDS, given),
    signal: stop.signal,
    onStep: (log) => log.step === stopAt && stop.abort(),
  });
  vlm.dispose();
  return result.finished ? hash(join(result.checkpoint, 'model.safetensors')) : null;
}
console.log('| deterministic | first | again | stopped after 3 and resumed | equal |\n| --- | --- | --- | --- | --- |');
for (const on of [false, true]) {
  const first = await run(`a${on}`, on);
  const again = await run(`b${on}`, on);
  await run(`c${on}`, on, 3);
  const resumed = await run(`c${on}`, on, 0, true);
  const equal = first === again && again === resumed;
  console.log(`| ${on ? 'yes' : 'no'} | ${first} | ${again} | ${resumed} | ${equal ? 'yes' : 'no'} |`);
}
rmSync(dir, { recursive: true, force: true });
console.log(
  `\nsha256 of the exported weights, 8 steps; ${device === 'cpu' ? 'CPU' : T.deviceInfo(0).name}, ${dtype}, commit ${process.env.COMMIT ?? 'unknown'}`,
);
