// How long training waits for data, with and without threads that decode ahead: a random Qwen2.5-VL of 0.8 G parameters,
// videos as lists of PNG frames, batches of 8:   node bench/train-wait.mjs [--steps 6] [--frames 16] [--layers 48] [--workers 0,8]
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as T from '../packages/libtorch/dist/index.js';
import { writeRandomQwen25VL } from '../packages/models/dist/index.js';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { encodePng } from '../packages/motion-enhancer/dist/data/image/index.js';
import { readData } from '../packages/motion-enhancer/dist/data/rows.js';
import { RECIPE_FIELDS } from '../packages/motion-enhancer/dist/train/recipe.js';
import { train } from '../packages/motion-enhancer/dist/train/run/train.js';
import { loadVlm } from '../packages/motion-enhancer/dist/vlm/index.js';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '6' },
    frames: { type: 'string', default: '16' },
    layers: { type: 'string', default: '48' },
    hidden: { type: 'string', default: '1024' },
    workers: { type: 'string', default: '0,8' },
  },
});
const device = T.resolveDevice('auto');
const dtype = device === 'cpu' ? 'float32' : 'bfloat16';
const dir = mkdtempSync(join(tmpdir(), 'train-wait-'));
const at = (...parts) => join(dir, ...parts);
writeRandomQwen25VL(at('vlm'), { seed: 1, layers: Number(values.layers), hiddenSize: Number(values.hidden), dtype });
const tokenizer = fileURLToPath(new URL('../test/fixtures/tokenizers/qwen2', import.meta.url));
for (const name of readdirSync(tokenizer)) copyFileSync(join(tokenizer, name), at('vlm', name));
writeFileSync(at('vlm', 'RANDOM_WEIGHTS'), 'random\n');

// Noise on a gradient: PNGs of a photograph's size.
const [width, height] = [480, 270];
mkdirSync(at('frames'));
const picture = new Uint8Array(width * height * 3);
const frames = Array.from({ length: 32 }, (_, f) => {
  for (let i = 0; i < picture.length; i++) picture[i] = (i / 7 + 13 * f + 24 * Math.random()) & 255;
  writeFileSync(at('frames', `${f}.png`), encodePng({ width, height, data: picture }));
  return at('frames', `${f}.png`);
});
const rows = Array.from({ length: 8 * Number(values.steps) }, (_, i) => ({
  id: `s${i}`,
  videos: [Array.from({ length: Number(values.frames) }, (_, k) => frames[(i + k) % frames.length])],
  messages: [
    { role: 'user', content: '<video>What happens?' },
    { role: 'assistant', content: 'Something moves from the left to the right, and then it stops. '.repeat(3) },
  ],
}));
writeFileSync(at('data.json'), JSON.stringify(rows));

console.log('| threads | s a step | of these, waited | tokens/s |\n| --- | --- | --- | --- |');
for (const workers of values.workers.split(',').map(Number)) {
  const vlm = loadVlm(at('vlm'), { device, dtype, trainable: true });
  const out = at(`run${workers}`);
  // The export of the last step is no part of what is measured.
  const { log } = await train({
    vlm,
    rows: readData([at('data.json')]).rows,
    priors: null,
    out,
    recipe: resolve(RECIPE_FIELDS, { workers, saveEvery: 0, recompute: 'none', lr: 1e-6 }),
  });
  vlm.dispose();
  // The first step waits for the threads to start.
  const later = log.slice(2);
  const mean = (pick) => later.reduce((sum, entry) => sum + pick(entry), 0) / later.length;
  console.log(
    `| ${workers} | ${mean((e) => e.seconds).toFixed(3)} | ${mean((e) => e.waitSeconds).toFixed(3)} | ${mean((e) => e.tokensPerSecond).toFixed(0)} |`,
  );
  const size = readFileSync(join(out, 'log.jsonl'), 'utf8').length;
  if (size === 0) throw new Error('no log');
}
rmSync(dir, { recursive: true, force: true });
console.log(
  `\n8 samples of ${values.frames} frames (${width}×${height} PNG) a step, mean after the second step; ${device === 'cpu' ? 'CPU' : T.deviceInfo(0).name}, untrained random weights, commit ${process.env.COMMIT ?? 'unknown'}`,
);
