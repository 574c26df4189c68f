// T5 v1.1-xxl's encoder (4.7 billion parameters, random weights made on the device): seconds a text, memory, and that all
// of it is given back:   node bench/text-encoder.mjs [--texts 64] [--out FILE]
import { writeFileSync } from 'node:fs';
import * as T from '../packages/libtorch/dist/index.js';
import { readT5Config } from '../packages/models/dist/t5/config.js';
import { t5Encoder } from '../packages/models/dist/t5/model.js';
import { readT5Weights } from '../packages/models/dist/t5/weights.js';
import { option } from './real-size.mjs';

const device = T.resolveDevice(option('--device', 'cuda'));
const dtype = 'bfloat16';
const texts = Number(option('--texts', 64));
const [width, ff, layers, heads] = option('--size', '4096,10240,24,64').split(',').map(Number);
const config = readT5Config(
  {
    architectures: ['T5EncoderModel'],
    d_model: width,
    d_kv: 64,
    d_ff: ff,
    num_layers: layers,
    num_heads: heads,
    vocab_size: 32128,
    feed_forward_proj: 'gated-gelu',
  },
  'bench',
);
const gib = () => (device === 'cpu' ? 0 : T.memoryStats(device).allocated / 2 ** 30);
const before = gib();
let parameters = 0;
const reader = {
  has: () => true,
  get: (name, shape) => {
    parameters += shape.reduce((a, b) => a * b, 1);
    return T.keep(T.scope(() => T.randn(shape, { device, dtype }).mul(/norm|shared/.test(name) ? 1 : 0.02)));
  },
};
const encoder = t5Encoder(config, readT5Weights(reader, reader, config));
const weights = gib() - before;
const ids = T.keep(T.scope(() => T.rand([1, 226], { device }).mul(32000).to('int64')));
const run = () => T.noGrad(() => T.scope(() => encoder.forward(ids).to('float32').cpu().sum().item()));
run();
const began = performance.now();
let finite = true;
for (let i = 0; i < texts; i++) finite = Number.isFinite(run()) && finite;
const seconds = (performance.now() - began) / 1000 / texts;
const peak = device === 'cpu' ? 0 : T.memoryStats(device).peak / 2 ** 30;
encoder.dispose();
ids.dispose();
if (device !== 'cpu') T.emptyCache(device);
const text = `# The text encoder at real size

${(parameters / 1e9).toFixed(2)} billion parameters, ${dtype}: ${weights.toFixed(1)} GiB of weights, ${peak.toFixed(1)} GiB at most, ${(gib() - before).toFixed(2)} GiB after it was freed. ${(1000 * seconds).toFixed(1)} ms a text of 226
tokens, copied to the host (${texts} texts, one at a time); ${finite ? 'all finite' : '**not finite**'}. Random weights. ${device === 'cpu' ? 'CPU' : T.deviceInfo(0).name}; commit ${process.env.COMMIT ?? 'unknown'}; ${new Date().toISOString().slice(0, 10)};
command \`node bench/text-encoder.mjs\`
`;
console.log(text);
const out = option('--out', null);
if (out) writeFileSync(out, text);
