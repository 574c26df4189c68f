// Questions a second of an evaluation, Qwen2.5-VL-3B at real size with random weights made on the GPU: the whole pipeline
// (pictures read and resized by threads, vision tower, prompts, 16 new tokens, judges, JSON lines). A transformers loop over
// the same frames and prompts: bench/eval_speed_theirs.py, which reads what this writes into --data.
//   node bench/eval-speed.mjs [--size qwen-3b|qwen-tiny] [--videos 48] [--per-video 4,1] [--data DIR] [--json FILE]
// A "video" is a folder of PNG files, 640 × 360, one a second, 8 to 12 of them: 504 × 280 after resizing to 360·420 pixels.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as T from '../packages/libtorch/dist/index.js';
import { loadTokenizer } from '../packages/models/dist/index.js';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { encodePng } from '../packages/motion-enhancer/dist/data/image/png.js';
import { MediaPool } from '../packages/motion-enhancer/dist/eval/media/media-pool.js';
import { protocolOf } from '../packages/motion-enhancer/dist/eval/prompts/index.js';
import { AnswersFile } from '../packages/motion-enhancer/dist/eval/run/answers-file.js';
import { groupsOf, windowsOf } from '../packages/motion-enhancer/dist/eval/run/plan.js';
import { readAnswers } from '../packages/motion-enhancer/dist/eval/run/read-answers.js';
import { runQuestions } from '../packages/motion-enhancer/dist/eval/run/run-questions.js';
import { familyOf } from '../packages/motion-enhancer/dist/vlm/families/family-of.js';
import { assembleVlm } from '../packages/motion-enhancer/dist/vlm/families/load.js';
import { qwen25VLModel } from '../packages/motion-enhancer/dist/vlm/families/qwen2-5-vl/model.js';
import { readGenerationConfig } from '../packages/motion-enhancer/dist/vlm/generate/generation-config.js';
import { VIDEO_FIELDS } from '../packages/motion-enhancer/dist/vlm/media/video-input.js';
import { qwenConfigOf, randomModel } from './random-vlm.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const size = option('--size', 'qwen-3b');
const videos = Number(option('--videos', 48));
const perVideo = option('--per-video', '4,1').split(',').map(Number);
const tokens = Number(option('--tokens', 16));
const batchSize = Number(option('--batch', 16));
const workers = Number(option('--workers', Math.max(1, Math.min(8, availableParallelism() - 2))));
const data = option('--data', join(tmpdir(), 'eval-speed'));
const json = option('--json', null);
const device = T.resolveDevice(option('--device', 'auto'));
const dtype = device === 'cpu' ? 'float32' : 'bfloat16';
const [WIDTH, HEIGHT] = [640, 360];

let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** A disc moves over a gradient with some noise: a picture that PNG compresses as a natural one, about twice. */
function frameOf(video, k) {
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
  const [cx, cy] = [80 + 40 * k + 5 * video, 180 + 60 * Math.sin(k + video)];
  for (let y = 0, at = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++, at += 3) {
      const inside = (x - cx) ** 2 + (y - cy) ** 2 < 3600;
      const noise = (random() * 24) | 0;
      pixels[at] = (inside ? 200 : (x * 160) / WIDTH) + noise;
      pixels[at + 1] = (inside ? 40 : (y * 160) / HEIGHT) + noise;
      pixels[at + 2] = (inside ? 60 : (40 * video) % 200) + noise;
    }
  return pixels;
}

const VERBS = ['rolls', 'falls', 'turns', 'stops', 'rises', 'slides', 'shakes', 'jumps'];
const WAYS = [
  'to the right',
  'behind the door',
  'twice and then stands still',
  'into the hand of the man',
  'out of view',
];
const pick = (list) => list[(random() * list.length) | 0];
function questionOf(video, i, paths) {
  const options = Array.from({ length: 5 }, () => `The disc ${pick(VERBS)} ${pick(WAYS)} and ${pick(VERBS)}`);
  return {
    id: `v${video}-${i}`,
    benchmark: 'favor',
    type: 'AS',
    tags: {},
    medium: { type: 'frames', paths },
    question: `What does the disc do ${pick(WAYS)} when it ${pick(VERBS)} for the ${i + 1}. time?`,
    options,
    letters: ['A', 'B', 'C', 'D', 'E'],
    answer: options[i % 5],
    subtitles: null,
    annotation: null,
    line: i,
  };
}

mkdirSync(data, { recursive: true });
const media = Array.from({ length: videos }, (_, v) => {
  const dir = join(data, `video-${v}`);
  mkdirSync(dir, { recursive: true });
  const paths = Array.from({ length: 8 + (v % 5) }, (_, k) => join(dir, `${k}.png`));
  const raw = paths.map((path, k) => {
    const pixels = frameOf(v, k);
    writeFileSync(path, encodePng({ width: WIDTH, height: HEIGHT, data: pixels }));
    return pixels;
  });
  // For machines on which Python has no reader of PNG files.
  writeFileSync(join(dir, 'frames.rgb'), Buffer.concat(raw));
  return paths;
});

const dir = mkdtempSync(join(tmpdir(), 'eval-speed-vlm-'));
writeFileSync(join(dir, 'config.json'), JSON.stringify(qwenConfigOf(size)));
const tokenizers = new URL('../test/fixtures/tokenizers/qwen2/', import.meta.url).pathname;
for (const name of ['vocab.json', 'merges.txt']) writeFileSync(join(dir, name), readFileSync(join(tokenizers, name)));
const tokenizer = loadTokenizer(dir);
const model = randomModel(size, device, dtype);
// Random weights never end a reply by themselves: nothing does.
const generation = { ...readGenerationConfig(dir, tokenizer.eosId), eosIds: [] };
const folder = { dir, tokenizer, config: model.config, processor: {} };
const vlm = { ...assembleVlm(familyOf(dir), folder, qwen25VLModel(model)), weights: 'random', generation };
const protocol = protocolOf('favor', 'letter');
const video = resolve(VIDEO_FIELDS, { ...protocol.video.rate });
const pool = new MediaPool(dir, workers);

async function run(questions, batch = batchSize) {
  const out = mkdtempSync(join(tmpdir(), 'eval-speed-run-'));
  const file = new AnswersFile(out, '');
  const began = performance.now();
  await runQuestions({
    vlm,
    protocol,
    judge: protocol.judge,
    video,
    decoding: { temperature: 0, repetitionPenalty: 1, maxNewTokens: tokens },
    subtitles: false,
    windows: windowsOf(groupsOf(questions), 4 * batch),
    done: new Set(),
    batch,
    pool,
    ahead: 2 * workers,
    file,
    out,
    pictures: false,
  });
  const seconds = (performance.now() - began) / 1000;
  file.close();
  const answers = [...readAnswers(out).values()];
  const odd = answers.find(({ error, tokens: used }) => error || used.reply !== tokens);
  if (odd) throw new Error(`question ${odd.id}: ${odd.error?.message ?? `${odd.tokens.reply} tokens`}`);
  return { seconds, answers };
}

const results = {
  commit: process.env.COMMIT ?? '',
  device: device === 'cpu' ? cpus()[0].model : T.deviceInfo(0).name,
  cores: availableParallelism(),
  libtorch: T.version(),
  parameters: [...model.parameters().values()].reduce((sum, { numel }) => sum + numel, 0),
  videos,
  batch: batchSize,
  workers,
  tokens,
  runs: [],
};
const sets = perVideo.map((count) =>
  media.flatMap((paths, v) => Array.from({ length: count }, (_, i) => questionOf(v, i, paths))),
);
// Kernels are chosen and compiled, threads started.
await run(sets[0].slice(0, 2 * batchSize));
for (const [i, count] of perVideo.entries()) {
  const times = [];
  let last;
  for (let k = 0; k < Number(option('--repeats', 3)); k++) {
    last = await run(sets[i]);
    times.push(last.seconds);
  }
  const seconds = times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
  const prompt = last.answers.reduce((sum, { tokens: used }) => sum + used.prompt, 0) / last.answers.length;
  const one = {
    perVideo: count,
    questions: sets[i].length,
    seconds,
    questionsPerSecond: sets[i].length / seconds,
    promptTokens: prompt,
  };
  results.runs.push(one);
  console.log(JSON.stringify(one));
}
// Near ties of random weights fall one way or the other with the rounding: most replies must be the same.
const alone = await run(sets[0].slice(0, 8), 1);
const together = new Map((await run(sets[0].slice(0, 64))).answers.map(({ id, output }) => [id, output]));
results.sameAlone = alone.answers.filter(({ id, output }) => together.get(id) === output).length;
results.asked = alone.answers.length;
console.log(`replies in a batch with prefix caching equal to those alone: ${results.sameAlone} of ${results.asked}`);
// How long the threads need for the media alone.
const began = performance.now();
await Promise.all(
  media.map((paths) => pool.read({ medium: { type: 'frames', paths }, settings: video, dtype, picture: false })),
);
results.mediaPerSecond = (1000 * videos) / (performance.now() - began);
console.log(`media read a second, ${workers} threads: ${results.mediaPerSecond.toFixed(1)}`);
await pool.close();

// The prompts as tokens, for the loop beside: what it must read are the frames.
const prompts = sets[0].map((question) => {
  const frames = question.medium.paths.length;
  const grid = [Math.ceil(frames / 2), 20, 36];
  const { text } = protocol.prompt(question, 'qwen2_5_vl');
  const input = { type: 'video', grid, secondPerGrid: 1, frames: [], seconds: [], pixels: null };
  const messages = [{ role: 'user', content: [{ type: 'video' }, { type: 'text', text }] }];
  const { ids } = T.scope(() => vlm.prepareTokens(messages, [input], video));
  return { id: question.id, frames: question.medium.paths, grid, ids };
});
writeFileSync(
  join(data, 'prompts.json'),
  JSON.stringify({ width: WIDTH, height: HEIGHT, perVideo: perVideo[0], prompts }),
);
if (json) writeFileSync(json, JSON.stringify(results, null, 2));
vlm.dispose();
