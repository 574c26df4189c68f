// CogVideoX's VAE at real size, random weights: seconds and memory of encoding and decoding a clip, whole and in tiles.
//   node bench/vae-real-size.mjs [--clips 49x480x720,81x768x1360] [--out FILE]
import { writeFileSync } from 'node:fs';
import * as T from '../packages/libtorch/dist/index.js';
import { readVaeConfig } from '../packages/models/dist/cogvideox/index.js';
import { cogVideoXVae } from '../packages/models/dist/cogvideox/vae/model.js';
import { readDecoderWeights, readEncoderWeights } from '../packages/models/dist/cogvideox/vae/weights.js';
import { option, randomReader } from './real-size.mjs';

const device = T.resolveDevice(option('--device', 'cuda'));
const dtype = device === 'cpu' ? 'float32' : 'bfloat16';
const channels = option('--channels', '128,256,256,512').split(',').map(Number);
const config = readVaeConfig(
  { _class_name: 'AutoencoderKLCogVideoX', block_out_channels: channels, scaling_factor: 0.7 },
  'bench',
);
const random = randomReader(device, dtype);
// An experiment: convolutions choose their kernels by the layout of the weights.
const reader = {
  get(name, shape) {
    const weight = random.get(name, shape);
    if (weight.dim !== 5 || !process.argv.includes('--channels-last')) return weight;
    return T.keep(T.aten.contiguous(weight, { memory_format: 'channels_last_3d' }));
  },
};
T.manualSeed(0);
const vae = cogVideoXVae(config, readEncoderWeights(reader, config), readDecoderWeights(reader, config));
const timed = (body) => {
  T.synchronize(device);
  if (device !== 'cpu') T.resetPeakMemory(device);
  const before = device === 'cpu' ? 0 : T.memoryStats(device).allocated;
  const began = performance.now();
  const value = T.noGrad(() => T.scope(body));
  T.synchronize(device);
  const peak = device === 'cpu' ? 0 : (T.memoryStats(device).peak - before) / 2 ** 30;
  return { seconds: (performance.now() - began) / 1000, peak, value };
};
const only = option('--only', null);
const lines = [];
for (const clip of option('--clips', '49x480x720,81x768x1360').split(',')) {
  const [n, height, width] = clip.split('x').map(Number);
  const video = T.keep(T.scope(() => T.rand([1, 3, n, height, width], { device }).mul(2).sub(1).to(dtype)));
  const latents = T.keep(
    T.randn([1, config.latentChannels, (n - 1) / 4 + 1, height / 8, width / 8], { device, dtype }),
  );
  for (const [name, run] of [
    ['encode', () => vae.encode(video).mean.sum().item()],
    ['decode', () => vae.decode(latents).sum().item()],
  ]) {
    if (only && name !== only) continue;
    try {
      timed(run);
      const { seconds, peak } = timed(run);
      lines.push(`| ${name} | ${n} × ${height} × ${width} | ${seconds.toFixed(2)} | ${peak.toFixed(1)} |`);
    } catch (error) {
      lines.push(`| ${name} | ${n} × ${height} × ${width} | ${error.message.split('\n')[0].slice(0, 80)} | |`);
    }
    console.error(lines.at(-1));
  }
  video.dispose();
  latents.dispose();
}
const text = `# The VAE at real size

| | frames × height × width | seconds | memory beside weights and input, GiB |
| --- | --- | --- | --- |
${lines.join('\n')}

Random weights, ${dtype}, second run of each. ${device === 'cpu' ? 'CPU' : T.deviceInfo(0).name}; libtorch ${T.version()}; commit ${process.env.COMMIT ?? 'unknown'}; ${new Date().toISOString().slice(0, 10)};
command \`node bench/vae-real-size.mjs ${process.argv.slice(2).join(' ')}\`
`;
console.log(text);
const out = option('--out', null);
if (out) writeFileSync(out, text);
vae.dispose();
