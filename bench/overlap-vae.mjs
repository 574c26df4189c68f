// Does encoding the next clip beside this one's passes cost less than before them? Random weights of CogVideoX-1.5-5B's size:
//   node bench/overlap-vae.mjs [--layers 42] [--repeats 2] [--out FILE]
import { writeFileSync } from 'node:fs';
import * as T from '../packages/libtorch/dist/index.js';
import { DdimSchedule, readVaeConfig, tokenGrid } from '../packages/models/dist/cogvideox/index.js';
import { cogVideoXVae } from '../packages/models/dist/cogvideox/vae/model.js';
import { readDecoderWeights, readEncoderWeights } from '../packages/models/dist/cogvideox/vae/weights.js';
import { chooseCapture } from '../packages/motion-enhancer/dist/prior/capture/choose-capture.js';
import { cogVideoXDenoiser } from '../packages/motion-enhancer/dist/prior/diffusion/cogvideox/denoiser.js';
import { encodeLatents } from '../packages/motion-enhancer/dist/prior/diffusion/cogvideox/latents.js';
import { encodeClip } from '../packages/motion-enhancer/dist/prior/diffusion/encode-clip.js';
import { invert, reconstruct } from '../packages/motion-enhancer/dist/prior/diffusion/trajectory.js';
import { option, randomReader, randomTransformer, transformerConfig } from './real-size.mjs';

const device = T.resolveDevice(option('--device', 'cuda'));
const dtype = 'bfloat16';
const [layers, heads, repeats] = [
  ['--layers', 42],
  ['--heads', 48],
  ['--repeats', 2],
].map(([name, n]) => Number(option(name, n)));
const channels = option('--channels', '128,256,256,512').split(',').map(Number);
const [frames, height, width] = option('--clip', '49x480x720').split('x').map(Number);
const [videoHeight, videoWidth] = option('--video', '1080x1920').split('x').map(Number);
const config = transformerConfig({ layers, heads });
const vaeConfig = readVaeConfig(
  { _class_name: 'AutoencoderKLCogVideoX', block_out_channels: channels, scaling_factor: 0.7 },
  'bench',
);
T.manualSeed(0);
const reader = randomReader(device, dtype);
const transformer = randomTransformer(config, device, dtype, reader);
const vae = cogVideoXVae(vaeConfig, readEncoderWeights(reader, vaeConfig), readDecoderWeights(reader, vaeConfig));
const model = cogVideoXDenoiser(transformer, new DdimSchedule());
const vdm = {
  ...{ dtype, device, sizeMultiple: 16 },
  encodeVideo: (video, coding) => encodeLatents(vae, 2, video, coding),
};
const data = new Uint8Array(frames * videoHeight * videoWidth * 3);
for (let i = 0; i < data.length; i++) data[i] = (i * 40503) >>> 8;
const clip = { data, width: videoWidth, height: videoHeight, indices: [...Array(frames).keys()] };
const options = { height, width, posterior: 'mode', seed: 0, vaeMemory: 0 };
const keep = (shape) => T.keep(T.randn(shape, { device, dtype }));
const conditioning = { text: keep([1, 226, 4096]), empty: keep([1, 226, 4096]) };
const encode = () => T.keep(T.noGrad(() => T.scope(() => encodeClip(vdm, clip, options))));
const first = encode();
const [, flat, , h, w] = first.x0.shape;
const start = keep([1, flat, 16, h, w]);
const grid = { ...tokenGrid(config, flat, h, w), textTokens: 226 };

/** A clip's passes; `between` runs where the data set's next clip is encoded. */
function passes(between) {
  T.noGrad(() =>
    T.scope(() => {
      const trajectory = invert(model, first.x0, conditioning.empty, 5);
      between();
      const chosen = chooseCapture({ heads, headDim: 64, grid, passes: layers * 5, device, dtype, squareSum: 'auto' });
      reconstruct(model, trajectory, conditioning, {
        steps: 5,
        guidance: 6,
        start,
        outcome: false,
        captured: () => [1],
        capture: (a) => chosen.capture.add(a.of(1)),
      });
      chosen.capture.finish()[0].total_H.toArray();
      chosen.capture.dispose();
    }),
  );
}
const timed = (body) => {
  T.synchronize(device);
  const began = performance.now();
  body();
  T.synchronize(device);
  return (performance.now() - began) / 1000;
};
let latents = null;
const ways = [
  ['passes alone', () => passes(() => {})],
  ['frames to latents alone', () => encode().x0.dispose()],
  [
    'latents, then passes',
    () => {
      latents = encode();
      passes(() => {});
    },
  ],
  [
    'passes, the next latents beside them',
    () => {
      let joined;
      passes(() => {
        const { value, join } = T.onSideStream(device, encode);
        latents = value;
        joined = join;
      });
      joined();
    },
  ],
];
for (const [, run] of ways.slice(1)) timed(run);
const lines = ways.map(([name, run]) => {
  const times = Array.from({ length: repeats }, () => timed(run)).sort((a, b) => a - b);
  const line = `| ${name} | ${times.map((s) => s.toFixed(2)).join(', ')} |`;
  console.error(line);
  return line;
});
const difference = T.scope(() => latents.x0.sub(first.x0).abs().max().item());
const text = `# Encoding the next clip beside the passes of this one

| | seconds, each run |
| --- | --- |
${lines.join('\n')}

${frames} frames of ${videoHeight} × ${videoWidth} to ${height} × ${width}; ${layers} layers, 5 + 5 steps, exact capture; random weights, ${dtype}. Latents made beside and alone
differ by ${difference}. ${device.startsWith('cuda') ? T.deviceInfo(0).name : 'CPU'}; commit ${process.env.COMMIT ?? 'unknown'}; ${new Date().toISOString().slice(0, 10)}; command \`node bench/overlap-vae.mjs\`
`;
console.log(text);
const out = option('--out', null);
if (out) writeFileSync(out, text);
