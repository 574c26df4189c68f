// The diffusion passes of one prior at the size of CogVideoX-1.5-5B, random weights made on the GPU, with and without
// the capture, side by side in one run:   node bench/prior-real-size.mjs [--layers 42] [--steps 5] [--out FILE]
// One larger clip, fused capture alone: --latents 22,96,170 --captured 4 --fused-only
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as T from '../packages/libtorch/dist/index.js';
import { DdimSchedule, tokenGrid } from '../packages/models/dist/cogvideox/index.js';
import { chooseCapture } from '../packages/motion-enhancer/dist/prior/capture/choose-capture.js';
import { cogVideoXDenoiser } from '../packages/motion-enhancer/dist/prior/diffusion/cogvideox/denoiser.js';
import { invert, reconstruct } from '../packages/motion-enhancer/dist/prior/diffusion/trajectory.js';
import { headMetrics } from '../packages/motion-enhancer/dist/prior/selection/heads.js';
import { option, randomTransformer, transformerConfig } from './real-size.mjs';

const layers = Number(option('--layers', 42));
const steps = Number(option('--steps', 5));
const captured = Number(option('--captured', steps));
const fusedOnly = process.argv.includes('--fused-only');
const out = option('--out', null);
const json = option('--json', null);
const device = T.resolveDevice(option('--device', 'cuda'));
const dtype = 'bfloat16';

const config = transformerConfig({ layers });
T.manualSeed(0);
const transformer = randomTransformer(config, device, dtype);
const model = cogVideoXDenoiser(transformer, new DdimSchedule());

// 49 frames of 480 × 720: 13 latent frames and the copy in front, 9,450 video tokens.
const [flat, h, w] = option('--latents', '14,60,90').split(',').map(Number);
const grid = { ...tokenGrid(config, flat, h, w), textTokens: 226 };
const keep = (shape) => T.keep(T.randn(shape, { device, dtype }));
const x0 = keep([1, flat, 16, h, w]);
const start = keep([1, flat, 16, h, w]);
const conditioning = { text: keep([1, 226, 4096]), empty: keep([1, 226, 4096]) };

const timed = (body) => {
  T.synchronize(device);
  T.resetPeakMemory(device);
  const began = performance.now();
  const value = T.noGrad(() => T.scope(body));
  T.synchronize(device);
  return { seconds: (performance.now() - began) / 1000, peak: T.memoryStats(device).peak / 2 ** 30, value };
};
const STATISTICS = ['textToVideo_HTS', 'sameLocation_HPFF', 'total_H', 'squares_H'];
/** @param squareSum a way to capture; 'rows': none, but only the rows that it would read are computed; null: the whole reconstruction */
const pass = (squareSum) => () => {
  const inversionBegan = performance.now();
  const trajectory = invert(model, x0, conditioning.empty, steps);
  T.synchronize(device);
  const inversion = (performance.now() - inversionBegan) / 1000;
  const chosen =
    squareSum && squareSum !== 'rows'
      ? chooseCapture({ heads: 48, headDim: 64, grid, passes: layers * captured, device, dtype, squareSum })
      : null;
  const capture = chosen?.capture;
  try {
    reconstruct(model, trajectory, conditioning, {
      steps,
      guidance: 6,
      start,
      ...(squareSum
        ? {
            outcome: false,
            captured: (step) => (step < steps - captured ? [] : [1]),
            capture: (a) => capture?.add(a.of(1)),
          }
        : {}),
    });
    T.synchronize(device);
    const finishBegan = performance.now();
    const maps = capture?.finish()[0];
    T.synchronize(device);
    const finish = (performance.now() - finishBegan) / 1000;
    const finite = maps ? headMetrics(maps).score.every(Number.isFinite) : true;
    return { inversion, finish, finite, plan: chosen?.plan ?? '', maps: maps ? T.keep(maps) : null };
  } finally {
    capture?.dispose();
  }
};
/** max |a − b| / max |b| */
const difference = (a, b) =>
  T.scope(() =>
    a
      .sub(b)
      .abs()
      .amax(b.shape.map((_, i) => i))
      .div(b.abs().amax(b.shape.map((_, i) => i)))
      .item(),
  );

T.noGrad(() => T.scope(() => model.denoise(x0, conditioning.text, 999))); // warm-up
const forward = timed(() => {
  for (let i = 0; i < 3; i++) T.scope(() => model.denoise(x0, conditioning.text, 999));
});
const rows = fusedOnly
  ? [['exact, fused replay', 'auto']]
  : [
      ['the rows that the capture reads, no capture', 'rows'],
      ['exact, fused replay', 'auto'],
      ['the whole reconstruction, no capture', null],
      ['the rows that the capture reads, again', 'rows'],
      ['exact, fused replay, again', 'auto'],
      ...(process.argv.includes('--plain') ? [['exact, accumulate (plain)', 'accumulate']] : []),
    ];
// Warm-up: kernels are compiled and loaded, and memory is reserved.
if (!fusedOnly) timed(pass(null));
if (!fusedOnly) T.scope(() => timed(pass('auto')).value.maps).textToVideo_HTS.dispose();
const lines = [];
const measured = [];
const kept = {};
let plain;
let plan = '';
for (const [name, squareSum] of rows) {
  const { seconds, peak, value } = timed(pass(squareSum));
  plain ??= seconds;
  if (squareSum === 'auto') plan = value.plan;
  if (value.maps) {
    for (const name of kept[squareSum] ? STATISTICS : []) kept[squareSum][name].dispose();
    kept[squareSum] = value.maps;
  }
  measured.push({ name, inversion: value.inversion, seconds, peak });
  lines.push(
    `| ${name} | ${value.inversion.toFixed(2)} | ${value.finish.toFixed(3)} | ${seconds.toFixed(2)} | ${(seconds / plain).toFixed(3)} | ${peak.toFixed(1)} | ${value.finite ? 'finite' : '**not finite**'} |`,
  );
  console.error(lines.at(-1));
}
const differences = STATISTICS.map((name) =>
  kept.accumulate ? `${name} ${difference(kept.auto[name], kept.accumulate[name]).toExponential(1)}` : '',
);
const compared = kept.accumulate
  ? ` Largest difference from accumulate, relative to the largest entry: ${differences.join(', ')}.`
  : '';
const tokens = grid.frames * grid.height * grid.width;
const command = [
  'node bench/prior-real-size.mjs',
  ...process.argv.slice(2).filter((word) => word !== out && word !== '--out'),
];
const info = device.startsWith('cuda') ? T.deviceInfo(0) : { name: cpus()[0].model };
const text = `# One prior at the size of CogVideoX-1.5-5B

| passes | inversion, s | end of capture, s | in all, s | ratio | peak, GiB | head scores |
| --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}

The fused one: ${plan}.${compared}

Transformer only, ${layers} layers, ${steps} + ${steps} steps (the last ${captured} captured), bfloat16, ${4 * flat - 7} frames of ${8 * h} × ${8 * w} (${tokens.toLocaleString('en')} video tokens), untrained random
weights. Ratios are to the first row. One forward of ${(tokens + 226).toLocaleString('en')} tokens: ${(forward.seconds / 3).toFixed(3)} s. ${info.name}; libtorch ${T.version()}; ${new Date().toISOString().slice(0, 10)};
command \`${command.join(' ')}\`
`;
console.log(text);
if (out) writeFileSync(out, text);
if (json)
  writeFileSync(json, JSON.stringify({ rows: measured, forward: forward.seconds / 3, plan, device: info.name }));
transformer.dispose();
