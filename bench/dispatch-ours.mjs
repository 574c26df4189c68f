// Our side of bench/dispatch.mjs: a case's name per line in, nanoseconds per call out.
import { createInterface } from 'node:readline';
import { attention, layerNorm, linear, noGrad, randn, scope, setThreads, version } from '@motion-enhancer/libtorch';

setThreads(1);
const small = [randn([2, 2]), randn([2, 2])];
const middle = [randn([64, 64]), randn([64, 64])];
const [x, w, b] = [randn([8, 64]), randn([64, 64]), randn([64])];

const [tokens, width, heads] = [16, 64, 4];
const h = randn([1, tokens, width]);
const p = {
  norm1: [randn([width]), randn([width])],
  qkv: [randn([3 * width, width]), randn([3 * width])],
  out: [randn([width, width]), randn([width])],
  norm2: [randn([width]), randn([width])],
  up: [randn([4 * width, width]), randn([4 * width])],
  down: [randn([width, 4 * width]), randn([width])],
};

function block(x_BND) {
  const normed = layerNorm(x_BND, [width], p.norm1[0], p.norm1[1]);
  const qkv = linear(normed, p.qkv[0], p.qkv[1])
    .view(1, tokens, 3, heads, width / heads)
    .permute(2, 0, 3, 1, 4);
  const [q, k, v] = qkv.unbind(0);
  const mixed = attention(q, k, v).transpose(1, 2).reshape(1, tokens, width);
  const hidden = x_BND.add(linear(mixed, p.out[0], p.out[1]));
  const second = layerNorm(hidden, [width], p.norm2[0], p.norm2[1]);
  return hidden.add(linear(linear(second, p.up[0], p.up[1]).gelu(), p.down[0], p.down[1]));
}

/** A scope holds about as many calls as a layer of a network makes. */
const tens = (call) => () => {
  for (let k = 0; k < 10; k++)
    scope(() => {
      for (let i = 0; i < 10; i++) call();
    });
};
/** name -> [function, calls in it, times it is run in a turn] */
const CASES = {
  add_2x2: [tens(() => small[0].add(small[1])), 100, 200],
  add_2x2_scope_each: [
    () => {
      for (let i = 0; i < 100; i++)
        scope(() => {
          small[0].add(small[1]);
        });
    },
    100,
    200,
  ],
  add_64x64: [tens(() => middle[0].add(middle[1])), 100, 150],
  linear: [tens(() => linear(x, w, b)), 100, 80],
  attention: [
    () =>
      scope(() => {
        block(h);
      }),
    1,
    200,
  ],
};

function measure([run, calls, times]) {
  for (let i = 0; i < times / 10; i++) run();
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) run();
  return Number(process.hrtime.bigint() - start) / (times * calls);
}

console.log(`libtorch ${version()} in Node ${process.version}`);
for await (const line of createInterface({ input: process.stdin })) console.log(noGrad(() => measure(CASES[line])));
