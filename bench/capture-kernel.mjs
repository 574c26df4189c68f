// The replay kernel of the capture alone, on random kept q, k and log-sum-exps:
//   node bench/capture-kernel.mjs [--passes 42] [--repeat 3] [--define NAME=VALUE]... [--kernel OTHER_VERSION.js]
import * as T from '../packages/libtorch/dist/index.js';

const all = (name) => process.argv.flatMap((word, i) => (process.argv[i - 1] === name ? [word] : []));
const K = await import(
  all('--kernel')[0] ?? '../packages/motion-enhancer/dist/prior/capture/kernels/capture-replay.cu.js'
);
const passes = Number(all('--passes')[0] ?? 42);
const repeat = Number(all('--repeat')[0] ?? 3);
const device = T.resolveDevice('cuda');
const [heads, text, frames, locations] = [48, 226, 7, 1350];
const S = frames * locations;
const up = (n, to) => Math.ceil(n / to) * to;
const [rows, columns] = [up(text + S, K.ROW_TILE), up(S, K.COLUMN_TILE)];

const kernel = T.compileCudaKernel(K.CAPTURE_REPLAY_SOURCE, 'captureReplay', {
  options: ['-DELEMENT="bf16"', ...all('--define').map((d) => `-D${d}`)],
  architectureSpecific: true,
});
T.scope(() => {
  const half = { dtype: 'bfloat16', device };
  const float = { dtype: 'float32', device };
  const kept = Array.from({ length: passes }, () => [
    T.randn([heads, rows, 64], half),
    T.randn([heads, columns, 64], half),
    T.randn([heads, rows], float).add(13),
  ]);
  const table = T.fromTypedArray(BigInt64Array.from(kept.flat().map((t) => BigInt(T.addressOf(t)))), [passes, 3]).to(
    device,
  );
  const tiles = (rows / K.ROW_TILE) * (columns / K.COLUMN_TILE);
  const outputs = [
    T.empty([heads, text, S], float),
    T.empty([heads, locations, frames, frames], float),
    T.empty([heads, tiles * K.PARTIALS, 2], float),
  ];
  const numbers = [passes, text, S, locations, frames].map((i32) => ({ i32 }));
  const factors = [Math.LOG2E / 8, 1 / passes].map((f32) => ({ f32 }));
  const seconds = [];
  for (let i = 0; i <= repeat; i++) {
    T.synchronize(device);
    const began = performance.now();
    const shape = [[tiles, heads], [K.REPLAY_THREADS], K.REPLAY_SHARED_BYTES];
    kernel.launch(...shape, [table, ...numbers, ...factors, ...outputs]);
    T.synchronize(device);
    if (i > 0) seconds.push((performance.now() - began) / 1000);
  }
  const median = seconds.sort((a, b) => a - b)[Math.floor(repeat / 2)];
  const entries = passes * heads * (text + S) * S;
  console.log(
    `${all('--define').join(' ') || 'as it is'}: ${passes} passes ${(median * 1e3).toFixed(2)} ms, ${((median / passes) * 1e3).toFixed(3)} ms a pass, ` +
      `${((entries * 128) / median / 1e12).toFixed(0)} TFLOP/s, ${(entries / median / 1e12).toFixed(2)}e12 exp/s; Σ ${outputs[2].to('float64').sum().item()}`,
  );
});
