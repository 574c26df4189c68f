// Where a training step's time goes: one decoder block and one block of the vision tower at the size of Qwen2.5-VL-3B,
// forward without a graph, and forward + backward, with their parts:   node bench/train-parts.mjs [--tokens 4058]
import * as T from '../packages/libtorch/dist/index.js';
import { visionLayout } from '../packages/models/dist/qwen2-5-vl/vision-layout.js';
import { visionBlock, visionRotary } from '../packages/models/dist/qwen2-5-vl/vision-tower.js';
import { applyRotary, block, rmsNorm, rotaryTables } from '../packages/models/dist/vlm-common/language/index.js';
import { MODEL_SIZES } from './model-sizes.mjs';

const at = process.argv.indexOf('--tokens');
const N = at < 0 ? 4058 : Number(process.argv[at + 1]);
const device = T.resolveDevice('auto');
const dtype = device === 'cpu' ? 'float32' : 'bfloat16';
const repeats = device === 'cpu' ? 1 : 10;
const w = (...shape) => T.keep(T.randn(shape, { device, dtype }).mul(0.02)).requiresGrad_();
const linear = (o, i, bias) => ({ weight: w(o, i), bias: bias ? w(o) : null });
const x = (...shape) => T.keep(T.randn(shape, { device, dtype })).requiresGrad_();

function time(name, leaves, body) {
  const run = (backward) =>
    T.scope(() => {
      const y = backward ? body() : T.noGrad(body);
      if (backward) T.backward([y], { gradOutputs: [T.noGrad(() => T.ones(y.shape, { device, dtype: y.dtype }))] });
      for (const leaf of leaves) leaf.grad = null;
    });
  const found = [false, true].map((backward) => {
    for (let i = 0; i < 3; i++) run(backward);
    T.synchronize(device);
    const began = performance.now();
    for (let i = 0; i < repeats; i++) run(backward);
    const host = (performance.now() - began) / repeats;
    T.synchronize(device);
    return [(performance.now() - began) / repeats, host];
  });
  const [f, b] = found;
  console.log(`| ${name} | ${f[0].toFixed(2)} | ${b[0].toFixed(2)} | ${f[1].toFixed(2)} | ${b[1].toFixed(2)} |`);
}

console.log(
  '| part | forward, ms | forward + backward, ms | host forward, ms | host both, ms |\n| --- | --- | --- | --- | --- |',
);
const { text: LLM, vision: TOWER } = MODEL_SIZES['qwen-3b'];
const C = LLM.hidden_size;
const INNER = LLM.intermediate_size;
const config = {
  numAttentionHeads: LLM.num_attention_heads,
  numKeyValueHeads: LLM.num_key_value_heads,
  headDim: 128,
  rmsNormEps: 1e-6,
};
const decoder = {
  input_layernorm: w(C),
  self_attn: {
    q_proj: linear(C, C, true),
    k_proj: linear(256, C, true),
    v_proj: linear(256, C, true),
    o_proj: linear(C, C),
  },
  post_attention_layernorm: w(C),
  mlp: { gate_proj: linear(INNER, C), up_proj: linear(INNER, C), down_proj: linear(C, INNER) },
};
const leaves = [...T.tensorsIn(decoder)];
const positions = T.keep(T.arange(0, N, 1, { dtype: 'int64', device }).view(1, 1, N).expand(3, 1, N));
const rotary = T.keep(
  T.scope(() => rotaryTables(positions, { headDim: 128, theta: 1e6, section: [16, 24, 24], dtype })),
);
const context = { config, rotary, mask: null, cache: null };
const h = x(1, N, C);
const rows = T.keep(T.arange(N - 200, N - 174, 1, { dtype: 'int64', device }));
time(`decoder block, ${N} tokens`, [h, ...leaves], () => block(h, decoder, context, 0, null).h);
time('  with 26 attention rows', [h, ...leaves], () => {
  const out = block(h, decoder, context, 0, rows);
  return out.h.add(out.rows.sum().to(dtype));
});
time('  RMS norm', [h, ...leaves], () => rmsNorm(h, decoder.input_layernorm, 1e-6));
const q = x(1, 16, N, 128);
const k = x(1, 2, N, 128);
time('  rotary of q', [q], () => applyRotary(q, rotary));
time('  attention', [q, k], () => T.attention(q, k, k, { causal: true, grouped: true }));
const wide = x(1, N, INNER);
time('  silu · up', [wide], () => wide.silu().mul(wide));
time('  gate product', [h, ...leaves], () => T.linear(h, decoder.mlp.gate_proj.weight));

const V = TOWER.hidden_size;
const V_INNER = TOWER.intermediate_size;
const frames = Math.round((N - 278) / 180);
const layout = T.keep(
  T.scope(() => visionLayout([[frames, 20, 36]], { patchSize: 14, spatialMergeSize: 2, windowSize: 112 }, device)),
);
const turn = T.keep(T.scope(() => visionRotary(layout.positions, { hiddenSize: V, numHeads: 16, ropeTheta: 1e4 })));
const tower = {
  norm1: w(V),
  norm2: w(V),
  attn: { qkv: linear(3 * V, V, true), proj: linear(V, V, true) },
  mlp: { gate_proj: linear(V_INNER, V, true), up_proj: linear(V_INNER, V, true), down_proj: linear(V, V_INNER, true) },
};
const towerLeaves = [...T.tensorsIn(tower)];
const P = frames * 720;
const p = x(P, V);
for (const full of [false, true])
  time(`tower block, ${P} patches, ${full ? 'whole frames' : 'windows'}`, [p, ...towerLeaves], () =>
    visionBlock(p, tower, { layout, rotary: turn, numHeads: 16, full }),
  );
const qk = x(2, P, 16, 80);
time('  rotary in float32', [qk], () => applyRotary(qk.to('float32'), turn).to(dtype));
time('  RMS norm', [p, ...towerLeaves], () => rmsNorm(p, tower.norm1, 1e-6));
const qw = x(P / 60, 16, 60, 80);
time('  attention in windows of 60', [qw], () => T.attention(qw, qw, qw));
const qf = x(frames, 16, 720, 80);
time('  attention in frames', [qf], () => T.attention(qf, qf, qf));
time('  qkv product', [p, ...towerLeaves], () => T.linear(p, tower.attn.qkv.weight, tower.attn.qkv.bias));
time('  gate product (3420 wide)', [p, ...towerLeaves], () =>
  T.linear(p, tower.mlp.gate_proj.weight, tower.mlp.gate_proj.bias),
);
console.log(
  `\n${device === 'cpu' ? 'CPU' : T.deviceInfo(0).name}, ${dtype}, untrained random weights, commit ${process.env.COMMIT ?? 'unknown'}`,
);
