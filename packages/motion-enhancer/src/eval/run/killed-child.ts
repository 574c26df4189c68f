// A process that a test kills: runs all five benchmarks of the fixtures, one after another, until all have their answers.
//   node killed-child.js VLM DATA OUT
import { loadVlm } from '../../vlm/families/load.js';
import { MediaPool } from '../media/media-pool.js';
import { runEval } from './run-eval.js';
import { evalOptions, FIXTURE_RUNS } from './testing.js';

const [vlmDir, data, out] = process.argv.slice(2) as [string, string, string];
const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32' });
const pool = new MediaPool(vlmDir, 1);
for (const [benchmark, protocolName] of FIXTURE_RUNS) {
  const folder = `${data}/${benchmark.replace('-open', '')}`;
  await runEval(await evalOptions(vlm, benchmark, folder, `${out}/${benchmark}`, { protocolName, batch: 3, pool }));
}
vlm.dispose();
await pool.close();
