// Prefill and decoding of a VLM at real size with random weights:
//   node bench/vlm-speed.mjs [--size qwen-3b|qwen-7b|internvl-2b|internvl-8b] [--parts] [--json FILE]
// --decode leaves everything but greedy decoding out. bench/vlm-speed-both.mjs runs it beside transformers (vlm_speed_theirs.py).
import { writeFileSync } from 'node:fs';
import * as T from '../packages/libtorch/dist/index.js';
import { decodeOn, KVCache } from '../packages/models/dist/vlm-common/language/index.js';
import { promptOf, randomModel } from './random-vlm.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const size = option('--size', 'qwen-3b');
const device = T.resolveDevice(option('--device', 'auto'));
const dtype = device === 'cpu' ? 'float32' : 'bfloat16';
const visual = Number(option('--visual', size.startsWith('qwen') ? 7740 : 7680));
const batches = option('--batches', '1,16').split(',').map(Number);
const steps = Number(option('--steps', 128));
const repeats = Number(option('--repeats', device === 'cpu' ? 1 : 5));
const json = option('--json', null);
const decodeOnly = process.argv.includes('--decode');
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const results = { size, device: device === 'cpu' ? 'CPU' : T.deviceInfo(0).name, dtype, libtorch: T.version() };
const say = (name, value) => {
  results[name] = value;
  console.log(`${name}: ${typeof value === 'number' ? Number(value.toPrecision(5)) : JSON.stringify(value)}`);
};

/** Median milliseconds of `body`, with the device waited for. */
function time(body, count = repeats) {
  const found = [];
  for (let i = -2; i < count; i++) {
    T.synchronize(device);
    const began = performance.now();
    T.noGrad(() => T.scope(body));
    T.synchronize(device);
    if (i >= 0) found.push(performance.now() - began);
  }
  return median(found);
}

const model = randomModel(size, device, dtype);
for (const p of model.parameters().values()) p.requiresGrad_();
const { text } = model.config;
const prompt = T.noGrad(() => promptOf(model, visual));
say(
  'parameters',
  [...model.parameters().values()].reduce((n, p) => n + p.numel, 0),
);
say('prompt tokens', prompt.ids.length);
say('visual tokens', prompt.visualTokens);

const embeddings = decodeOnly ? null : T.noGrad(() => T.keep(T.scope(() => prompt.encode())));
const prefill = (cache, visualNow) =>
  model
    .forward({ ...prompt.input, visual: visualNow, logits: 'last', cache })
    .logits.flatten()
    .argmax()
    .item();
const withCache = (body) => {
  const cache = new KVCache(prompt.ids.length + 8);
  body(cache);
  cache.dispose();
};
if (!decodeOnly) {
  say(
    'prefill: vision tower, ms',
    time(() => prompt.encode()),
  );
  say(
    'prefill: decoder, ms',
    time(() => withCache((cache) => prefill(cache, embeddings))),
  );
  if (device !== 'cpu') T.resetPeakMemory(device);
  say(
    'prefill, ms',
    time(() => withCache((cache) => prefill(cache, prompt.encode()))),
  );
  if (device !== 'cpu') say('prefill peak above weights, GiB', (T.memoryStats(device).peak - weightBytes()) / 2 ** 30);
}

/** Attention rows of 50 positions behind the video beside a forward pass without, turn by turn. */
for (const gradients of device === 'cpu' || decodeOnly ? [] : [false, true]) {
  const at = prompt.ids.length - 60;
  const rows = Array.from({ length: 50 }, (_, i) => at + i);
  const pass = (which) => model.forward({ ...prompt.input, visual: embeddings, logits: 'last', rows: which });
  const found = [null, rows].map((which) => {
    const times = [];
    let peak = 0;
    for (let i = -1; i < repeats; i++) {
      T.synchronize(device);
      T.resetPeakMemory(device);
      const before = T.memoryStats(device).allocated;
      const began = performance.now();
      const body = () => T.scope(() => void pass(which));
      gradients ? body() : T.noGrad(body);
      T.synchronize(device);
      if (i >= 0) times.push(performance.now() - began);
      peak = T.memoryStats(device).peak - before;
    }
    return { ms: median(times), peak };
  });
  const name = `50 attention rows${gradients ? ', graph recorded' : ''}`;
  say(
    `${name}: ms without, with`,
    found.map(({ ms }) => Number(ms.toFixed(2))),
  );
  say(
    `${name}: peak GiB without, with`,
    found.map(({ peak }) => Number((peak / 2 ** 30).toFixed(3))),
  );
}

function weightBytes() {
  return [...model.parameters().values()].reduce((n, p) => n + p.numel * T.DTYPES[p.dtype].bytes, 0);
}

/** Are the ids those of the model's own forward, token by token? With random weights the likeliest tokens lie close together. */
function check(count) {
  const own = new KVCache(prompt.ids.length + count + 8);
  const other = new KVCache(prompt.ids.length + count + 8);
  T.noGrad(() =>
    T.scope(() => {
      const first = prefill(own, embeddings);
      const ids = [first];
      const length = prompt.ids.length;
      const { delta } = prompt.rope;
      const start = { ids: [first], seen: [[...prompt.ids, first]], length, padding: [0], shift: [delta] };
      const accept = ([id]) => ids.push(id) > 0;
      decodeOn({ weights: model.weights.language_model, config: text }, own, start, { maxSteps: count, accept });
      prefill(other, embeddings);
      let equal = 0;
      let worst = 0;
      for (let i = 0; i < count; i++) {
        const at = length + i + delta;
        const positions_3BN = T.tensor([[[at]], [[at]], [[at]]], { dtype: 'int64', device });
        const input = {
          ids: [[ids[i]]],
          logits: 'last',
          cache: other,
          ...(prompt.input.positions_3BN ? { positions_3BN } : {}),
        };
        const logits = model.forward(input).logits.flatten().to('float32');
        const best = logits.argmax().item();
        if (best === ids[i + 1]) equal++;
        const gap = logits
          .select(0, best)
          .sub(logits.select(0, ids[i + 1]))
          .item();
        worst = Math.max(worst, gap / logits.std().item());
      }
      say(`ids equal to those of the model's own forward, of ${count}`, equal);
      say('largest logit gap where not, standard deviations', worst);
    }),
  );
  own.dispose();
  other.dispose();
}
if (!decodeOnly) check(device === 'cpu' ? 4 : 64);

/** Decoding after a cache of random keys and values, as long as the prompt. */
for (const B of batches) {
  const length = prompt.ids.length;
  const cache = new KVCache(length + steps + 8);
  T.noGrad(() => {
    for (let layer = 0; layer < text.numHiddenLayers; layer++)
      T.scope(() => {
        const make = () => T.randn([B, text.numKeyValueHeads, length, text.headDim], { device, dtype });
        cache.append(layer, make(), make());
      });
    cache.advance(length);
  });
  const ids = Array.from({ length: B }, (_, b) => 5000 + 11 * b);
  const zeros = new Array(B).fill(0);
  const start = { ids, seen: ids.map((id) => [...prompt.ids, id]), length, padding: zeros, shift: zeros };
  const model_ = { weights: model.weights.language_model, config: text };
  const variants = [
    ['', { repetitionPenalty: 1.05 }],
    [', drawn (top-p 0.9)', { temperature: 1, topP: 0.9, repetitionPenalty: 1.05 }],
    [', not recorded', { cudaGraph: false, repetitionPenalty: 1.05 }],
  ];
  for (const [name, o] of decodeOnly ? variants.slice(0, 1) : variants) {
    const marks = [];
    const whole = [];
    let way;
    for (let i = 0; i < (name === '' ? 3 : 2); i++) {
      marks.length = 0;
      T.synchronize(device);
      const began = performance.now();
      const accept = () => marks.push(performance.now()) > 0;
      way = decodeOn(model_, cache, start, { ...o, maxSteps: name.includes('not') ? 24 : steps, accept });
      T.synchronize(device);
      whole.push(performance.now() - began);
      cache.rewind(length);
    }
    // After the first group, in which the step is recorded.
    const steady = (marks.at(-1) - marks[7]) / (marks.length - 8);
    say(`decode, batch ${B}${name}: ms a step`, steady);
    say(`decode, batch ${B}${name}: tokens/s`, (1000 * B) / steady);
    if (name === '')
      say(
        `decode, batch ${B}: tokens/s with recording, ${marks.length} steps`,
        (1000 * B * marks.length) / median(whole),
      );
    if (name === '') say(`decode, batch ${B}: way`, way);
  }
  cache.dispose();
  if (device !== 'cpu') T.emptyCache(device);
}
say('commit', process.env.COMMIT ?? 'unknown');
if (json) writeFileSync(json, JSON.stringify(results, null, 2));
