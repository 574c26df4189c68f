// Kernels of one inversion step and one captured reconstruction step at the size of CogVideoX-1.5-5B, few layers:
//   ncu --clock-control none --metrics gpu__time_duration.sum --csv --page raw --log-file FILE node bench/profile-pass.mjs
//   node bench/profile-pass.mjs --table FILE      sums that file by kernel
import { readFileSync } from 'node:fs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const table = option('--table', null);
if (table) {
  const cells = (line) => [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map((match) => match[1]);
  const lines = readFileSync(table, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('"'));
  const header = cells(lines[0]);
  const [name, time] = ['Kernel Name', 'gpu__time_duration.sum'].map((column) => header.indexOf(column));
  const unit = cells(lines[1])[time];
  const sums = new Map();
  for (const line of lines.slice(2)) {
    const row = cells(line);
    const sum = sums.get(row[name]) ?? { count: 0, total: 0 };
    sums.set(row[name], { count: sum.count + 1, total: sum.total + Number(row[time].replaceAll(',', '')) });
  }
  const all = [...sums.values()].reduce((total, sum) => total + sum.total, 0);
  console.log(`all kernels: ${all.toFixed(1)} ${unit}`);
  for (const [kernel, { count, total }] of [...sums].sort(([, a], [, b]) => b.total - a.total).slice(0, 30))
    console.log(
      `${((100 * total) / all).toFixed(1).padStart(5)} %  ${String(count).padStart(4)} ×  ${(total / count).toFixed(1).padStart(9)} ${unit}  ${kernel.slice(0, 110)}`,
    );
  process.exit(0);
}
const T = await import('../packages/libtorch/dist/index.js');
const { DdimSchedule, tokenGrid } = await import('../packages/models/dist/cogvideox/index.js');
const { randomTransformer, transformerConfig } = await import('./real-size.mjs');
const { chooseCapture } = await import('../packages/motion-enhancer/dist/prior/capture/choose-capture.js');
const { cogVideoXDenoiser } = await import('../packages/motion-enhancer/dist/prior/diffusion/cogvideox/denoiser.js');
const { invert, reconstruct } = await import('../packages/motion-enhancer/dist/prior/diffusion/trajectory.js');
const layers = Number(option('--layers', 3));
const device = T.resolveDevice(option('--device', 'cuda'));
const dtype = 'bfloat16';
const [flat, h, w] = option('--latents', '14,60,90').split(',').map(Number);
const heads = Number(option('--heads', 48));
const config = transformerConfig({ layers, heads });
const keep = (shape) => T.keep(T.randn(shape, { device, dtype }));
const model = cogVideoXDenoiser(randomTransformer(config, device, dtype), new DdimSchedule());
const grid = { ...tokenGrid(config, flat, h, w), textTokens: 226 };
const [x0, start] = [keep([1, flat, 16, h, w]), keep([1, flat, 16, h, w])];
const conditioning = { text: keep([1, 226, 4096]), empty: keep([1, 226, 4096]) };
T.noGrad(() =>
  T.scope(() => {
    const chosen = chooseCapture({ heads, headDim: 64, grid, passes: layers, device, dtype, squareSum: 'auto' });
    const trajectory = invert(model, x0, conditioning.empty, 1);
    reconstruct(model, trajectory, conditioning, {
      steps: 1,
      guidance: 6,
      start,
      captured: () => [1],
      capture: (a) => chosen.capture.add(a.of(1)),
    });
    chosen.capture.finish();
    chosen.capture.dispose();
    T.synchronize(device);
  }),
);
