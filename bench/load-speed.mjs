// Loading a checkpoint to the GPU, ours; load_speed_theirs.py is safetensors in Python. The files are written first, so that
// the page cache holds them. A Qwen2.5-VL-7B with fewer layers:
//   node bench/load-speed.mjs --write DIR [--layers 6];  node bench/load-speed.mjs DIR;  python3 bench/load_speed_theirs.py DIR
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as T from '../packages/libtorch/dist/index.js';
import { loadQwen25VL, saveCheckpoint } from '../packages/models/dist/index.js';
import { qwenConfigOf, randomModel, SIZES } from './random-vlm.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const device = T.resolveDevice('auto');
const write = option('--write', null);
const size = option('--size', 'qwen-7b');
if (write) {
  SIZES[size].num_hidden_layers = Number(option('--layers', 6));
  const model = randomModel(size, device, 'bfloat16');
  const names = [...model.parameters()].map(([name, tensor]) => [
    name.replace(/^model\.visual\./, 'visual.').replace(/^model\.language_model\./, 'model.'),
    tensor.cpu(),
  ]);
  saveCheckpoint(write, { config: qwenConfigOf(size), tensors: new Map(names) });
} else {
  const dir = process.argv[2];
  const bytes = readdirSync(dir)
    .filter((name) => name.endsWith('.safetensors'))
    .reduce((n, name) => n + statSync(join(dir, name)).size, 0);
  for (let i = 0; i < Number(option('--repeats', 3)); i++) {
    T.synchronize(device);
    const began = performance.now();
    const model = loadQwen25VL(dir, { device, dtype: 'bfloat16' });
    T.synchronize(device);
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `ours, whole model: ${seconds.toFixed(3)} s, ${(bytes / 2 ** 30 / seconds).toFixed(2)} GiB/s of ${(bytes / 2 ** 30).toFixed(2)} GiB`,
    );
    model.dispose();
  }
}
