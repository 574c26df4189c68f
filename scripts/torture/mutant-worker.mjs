// One process that reads mutated inputs as the commands do. Its parent names each: { path, kind }; it answers { ok } or { typed } or
// { untyped: why }. What crashes it or keeps it for ever, the parent notices.
import { createInterface } from 'node:readline';
import { readRunFile } from '@motion-enhancer/core/internal/config/read-run-file.js';
import { readImage } from '@motion-enhancer/core/internal/data/image/read-image.js';
import { readData } from '@motion-enhancer/core/internal/data/rows.js';
import { probeVideo, readFrames } from '@motion-enhancer/core/internal/data/video/index.js';
import { loadBenchmark } from '@motion-enhancer/core/internal/eval/benchmarks/load.js';
import { loadVdm, vdmHash } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';

const CPU = { device: 'cpu', dtype: 'float32' };

const READERS = {
  async video(path) {
    const info = await probeVideo(path);
    if (info.verdict !== 'unreadable')
      await readFrames(path, { info, onBroken: 'use', choose: (n) => [0, n >> 1, n - 1] });
  },
  image: (path) => readImage(path),
  data: (path) => readData([path]),
  yaml: async (path) => readRunFile(path),
  vlm: async (path) => loadVlm(path, CPU).dispose(),
  async vdm(path) {
    await vdmHash(path);
    (await loadVdm(path, CPU)).dispose();
  },
  bench: (path) => loadBenchmark('motionbench', path, { allowCounts: true }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { path, kind } = JSON.parse(line);
  let said;
  try {
    await READERS[kind](path);
    said = { ok: true };
  } catch (error) {
    const where = (error.stack ?? '').split('\n').slice(0, 3).join(' | ').slice(0, 500);
    said = error.name === 'UserError' ? { typed: error.message.slice(0, 200) } : { untyped: where };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
