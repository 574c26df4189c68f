// Heads that MHS keeps with `sampled` sums of squares against `exact` ones, over draws of the rows:
//   node bench/sampled-heads.mjs [--layers 8] [--draws 20] [--rows 512] [--device cuda] [--latents 14,60,90]
import { writeFileSync } from 'node:fs';
import * as T from '../packages/libtorch/dist/index.js';
import { DdimSchedule, tokenGrid } from '../packages/models/dist/cogvideox/index.js';
import { AttentionCapture } from '../packages/motion-enhancer/dist/prior/capture/attention-capture.js';
import { chooseCapture } from '../packages/motion-enhancer/dist/prior/capture/choose-capture.js';
import { cogVideoXDenoiser } from '../packages/motion-enhancer/dist/prior/diffusion/cogvideox/denoiser.js';
import { invert, reconstruct } from '../packages/motion-enhancer/dist/prior/diffusion/trajectory.js';
import { headMetrics } from '../packages/motion-enhancer/dist/prior/selection/heads.js';
import { option, randomTransformer, transformerConfig } from './real-size.mjs';

const layers = Number(option('--layers', 8));
const draws = Number(option('--draws', 20));
const sampleRows = Number(option('--rows', 512));
const heads = Number(option('--heads', 48));
const device = T.resolveDevice(option('--device', 'cuda'));
const dtype = device.startsWith('cuda') ? 'bfloat16' : 'float32';
const [flat, h, w] = option('--latents', '14,60,90').split(',').map(Number);
const config = transformerConfig({ layers, heads });
T.manualSeed(0);
// Keys of a head are made to resemble its queries by a share of its own, so that heads differ as trained ones do: some look
// at their own place, some anywhere. (Heads of plain random weights are all alike, and any choice among them is a toss.)
const shares = T.keep(T.scope(() => T.rand([heads, 1, 1], { device }).to('float32')));
let queries;
const resembling = (shape) =>
  T.scope(() => {
    const byHead = [heads, 64, shape[1]];
    const own = queries.to('float32').reshape(...byHead);
    const other = T.randn(byHead, { device }).mul(shape[1] ** -0.5);
    const rest = shares.square().neg().add(1).sqrt();
    return own
      .mul(shares)
      .add(other.mul(rest))
      .reshape(...shape)
      .to(dtype);
  });
const reader = {
  get: (name, shape) => {
    const value = T.keep(
      T.scope(() =>
        name.endsWith('to_k.weight')
          ? resembling(shape)
          : /norm.*weight$/.test(name)
            ? T.ones(shape, { device, dtype })
            : T.randn(shape, { device, dtype }).mul(name.endsWith('bias') ? 0.02 : shape.at(-1) ** -0.5),
      ),
    );
    if (name.endsWith('to_q.weight')) queries = value;
    return value;
  },
};
const transformer = randomTransformer(config, device, dtype, reader);
const model = cogVideoXDenoiser(transformer, new DdimSchedule());
const grid = { ...tokenGrid(config, flat, h, w), textTokens: 226 };
const keep = (shape) => T.keep(T.randn(shape, { device, dtype }));
const x0 = keep([1, flat, 16, h, w]);
const conditioning = { text: keep([1, 226, 4096]), empty: keep([1, 226, 4096]) };
const start = keep([1, flat, 16, h, w]);
const passes = layers * 5;
const exact = chooseCapture({ heads, headDim: 64, grid, passes, device, dtype, squareSum: 'auto' });
const sampled = Array.from(
  { length: draws },
  (_, seed) => new AttentionCapture(heads, grid, { device, dtype, squareSum: 'sampled', sampleRows, sampleSeed: seed }),
);
T.noGrad(() =>
  T.scope(() => {
    const trajectory = invert(model, x0, conditioning.empty, 5);
    reconstruct(model, trajectory, conditioning, {
      steps: 5,
      guidance: 6,
      start,
      outcome: false,
      captured: () => [1],
      capture: (a) => {
        for (const capture of [exact.capture, ...sampled]) capture.add(a.of(1));
      },
    });
  }),
);
const K = Math.max(1, Math.round(heads / 2));
const measure = (capture) =>
  T.scope(() => {
    const [maps] = capture.finish();
    const metrics = headMetrics(maps);
    const error = maps.masked?.error_H ? maps.masked.error_H.div(maps.masked.outside_H).toArray() : null;
    const order = metrics.score.map((score, head) => [score, head]).sort(([a], [b]) => b - a);
    return { kept: new Set(order.slice(0, K).map(([, head]) => head)), squares: maps.squares_H.toArray(), error };
  });
const truth = measure(exact.capture);
const found = sampled.map(measure);
for (const { capture } of [exact, ...sampled.map((capture) => ({ capture }))]) capture.dispose();
const agreements = found.map(({ kept }) => {
  let same = 0;
  for (let head = 0; head < heads; head++) if (kept.has(head) === truth.kept.has(head)) same++;
  return same / heads;
});
const errors = found.flatMap(({ squares }) => squares.map((x, i) => Math.abs(x - truth.squares[i]) / truth.squares[i]));
const stated = found.flatMap(({ error }) => error ?? []);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const text = `# Head choice from sampled sums of squares

${draws} draws of ${sampleRows} of ${(grid.frames * grid.height * grid.width).toLocaleString('en')} query rows; ${K} of ${heads} heads kept (score of Eq 13); exact: ${exact.plan}.

| | |
| --- | --- |
| heads judged alike, mean over draws | ${(100 * mean(agreements)).toFixed(2)} % |
| worst draw | ${(100 * Math.min(...agreements)).toFixed(2)} % |
| relative error of Σ A², mean / worst | ${(100 * mean(errors)).toFixed(3)} % / ${(100 * Math.max(...errors)).toFixed(3)} % |
| standard error that the capture states, mean | ${(100 * mean(stated)).toFixed(3)} % |

${layers} layers of CogVideoX-1.5's form, ${heads} heads, 5 + 5 steps, untrained random weights (keys of a
head resemble its queries by a share drawn for it, so that heads differ), ${dtype}. ${device.startsWith('cuda') ? T.deviceInfo(0).name : 'CPU'}; commit ${process.env.COMMIT ?? 'unknown'}; ${new Date().toISOString().slice(0, 10)};
command \`node bench/sampled-heads.mjs ${process.argv
  .slice(2)
  .filter((x, i, all) => x !== '--out' && all[i - 1] !== '--out')
  .join(' ')}\`
`;
console.log(text);
const out = option('--out', null);
if (out) writeFileSync(out, text);
shares.dispose();
transformer.dispose();
