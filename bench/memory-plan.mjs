#!/usr/bin/env node
// Holds the estimates of `generate --plan` against the peak memory of a run on the CPU (Linux; compiled sources: npm run build):
//   node bench/memory-plan.mjs > bench/results/memory-plan-cpu.md
// A decoder 1,024 wide and a vision tower 64 wide, both with random weights, float32, each case in a process of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const CASES = { prefill: [0, 2048, 512], tower: [0] };
const [what, chunk] = process.argv.slice(2);
if (what) await measure(what, Number(chunk));
else report();

function report() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  console.log(`# Memory plans held against runs, CPU

\`node bench/memory-plan.mjs\`, commit ${commit}, ${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model}, ${cpus().length} cores, float32,
random weights. Growth of the process (VmHWM − VmRSS before) beside what \`memoryPlan\` says of the same numbers.

| case | tokens or patches at once | grew, MiB | planned, MiB | grew / planned |
|---|---|---|---|---|`);
  for (const [name, chunks] of Object.entries(CASES))
    for (const size of chunks) {
      const { stdout, stderr, status } = spawnSync(process.execPath, [self, name, String(size)], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      console.log(stdout.trim());
    }
}

async function measure(name, prefillChunk) {
  const { noGrad, randint, scope } = await import('@motion-enhancer/libtorch');
  const { writeRandomQwen25VL } = await import('@motion-enhancer/models');
  const vlms = await import('../packages/motion-enhancer/dist/vlm/index.js');
  const { resolve } = await import('../packages/motion-enhancer/dist/config/field.js');
  const tokenizer = fileURLToPath(new URL('../test/fixtures/tokenizers/qwen2', import.meta.url));
  const dir = mkdtempSync(join(tmpdir(), 'memory-plan-'));
  writeRandomQwen25VL(dir, {
    seed: 1,
    dtype: 'float32',
    hiddenSize: name === 'prefill' ? 1024 : 64,
    layers: 4,
    overwrite: true,
  });
  for (const file of readdirSync(tokenizer)) copyFileSync(join(tokenizer, file), join(dir, file));
  const vlm = vlms.loadVlm(dir, { device: 'cpu', dtype: 'float32' });
  const mib = (bytes) => bytes / 2 ** 20;
  const status = (key) =>
    Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  // Weights are mapped from the file: reading them once takes them out of what is measured.
  noGrad(() =>
    scope(() => {
      for (const parameter of vlm.model.parameters().values()) parameter.sum().item();
    }),
  );
  const settings = resolve(vlms.VIDEO_FIELDS, { maxPixels: 448 * 448 });
  const grown = (body) => {
    writeFileSync('/proc/self/clear_refs', '5'); // begins the peak anew
    const before = status('VmRSS');
    noGrad(() => scope(body));
    return status('VmHWM') - before;
  };
  let row;
  if (name === 'prefill') {
    const chat = vlms.layOut(vlm, [{ role: 'user', content: 'again '.repeat(8160) }], [], settings);
    const options = { maxNewTokens: 1, eosIds: [], ...(prefillChunk ? { prefillChunk } : {}) };
    const grew = grown(() => vlm.generate([chat], options));
    const n = chat.ids.length;
    const [{ chats }] = vlms.memoryPlan(dir, [n], prefillChunk).dtypes;
    // No token of this chat is visual: no patches.
    const patches = 0.9 * n * (4 * 1176 + 1024) * 4;
    row = [`prefill of ${n} tokens`, prefillChunk || n, grew, mib(chats[0].working + chats[0].cache - patches)];
  } else {
    const frames = scope(() => randint(0, 256, [64, 3, 448, 448]).to('uint8'));
    const input = await vlms.prepareMedium(vlm, { type: 'video', frames, sampleFps: 1 }, settings);
    frames.dispose();
    const grew = grown(() => vlm.encode([input]).tokens.sum().item());
    const patches = input.pixels.size(0);
    const tokens = patches / 4 / 0.9;
    const [{ chats }] = vlms.memoryPlan(dir, [tokens]).dtypes;
    // The patches themselves are there before.
    row = ['vision tower', patches, grew, mib(chats[0].working - patches * 1176 * 4)];
  }
  rmSync(dir, { recursive: true });
  const [title, atOnce, grew, planned] = row;
  console.log(`| ${title} | ${atOnce} | ${grew.toFixed(0)} | ${planned.toFixed(0)} | ${(grew / planned).toFixed(2)} |`);
  process.exit(0);
}
