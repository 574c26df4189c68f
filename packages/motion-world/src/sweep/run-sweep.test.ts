import assert from 'node:assert/strict';
import { join } from 'node:path';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { scope, tensor, writeSafetensors, zeros } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { describeClip } from '../generate/index.js';
import { RUN_RECIPE } from '../runs/spec.js';
import { TINY, worldTokenizer } from '../testing.js';
import { writeNewMiniVlm } from '../vlm/new-checkpoint.js';
import { conditionOf } from './condition-text.js';
import { readResults } from './results.js';
import { runSweep, type SweepOptions } from './run-sweep.js';

const CLIPS = 3;

/** Priors of clips first … first + count − 1 with one even map a word. */
function writePriors(path: string, arms: readonly string[], first = 0, count = CLIPS, changes = {}): string {
  const counts = Array.from({ length: count }, (_, i) => describeClip('train', first + i).captionWords.length);
  const words = counts.reduce((a, b) => a + b, 0);
  scope(() => {
    const maps = Object.fromEntries(arms.map((arm) => [`maps.${arm}`, zeros([words, 8, 4, 4]).add(0.5)]));
    const metadata = { split: 'train', first: String(first), steps: '5', ...changes };
    writeSafetensors(path, { ...maps, words: tensor(counts, { dtype: 'int32' }) }, metadata);
  });
  return path;
}

leakFree('a run is done where arm, recipe, clips, priors and start are equal, whatever it is called', async () => {
  const dir = temporaryFolder();
  writeNewMiniVlm(join(dir, 'vlm'), worldTokenizer(), { seed: 1, sizes: TINY });
  writeNewMiniVlm(join(dir, 'other'), worldTokenizer(), { seed: 2, sizes: TINY });
  const vlm = loadVlm(join(dir, 'vlm'), { device: 'cpu', dtype: 'float32' });
  const results = join(dir, 'results.jsonl');
  const priors = [writePriors(join(dir, 'a.safetensors'), ['focus'])];
  const o: SweepOptions = {
    vlm,
    world: 'still-camera',
    ...{ arms: [], seeds: [0], clips: CLIPS, testClips: 3, priors, results, atOnce: 3, dtype: 'float32' },
    recipe: { ...RUN_RECIPE, steps: 1, batchSize: 2, alignerWidth: 4 },
    ...{ onLine() {}, onStep() {}, onStage() {} },
  };
  const run = async (texts: readonly string[], changes: Partial<SweepOptions> = {}) => {
    const before = readResults(results).length;
    const found = await runSweep({ ...o, arms: texts.map((text) => conditionOf(text, { data: 3 })), ...changes });
    return { added: readResults(results).length - before, found };
  };
  const first = await run(['plain', 'masks', 'masks:squared:mix=0.5', 'focus']);
  assert.equal(first.added, 4);
  assert.deepEqual(
    first.found.map(({ arm, maps }) => [arm.name, maps === null]),
    [
      ['plain', true],
      ['masks', false],
      ['masks:squared:mix=0.5', false],
      ['focus', false],
    ],
  );
  assert.deepEqual(await run(['plain:mlp', 'masks:lambda=1', 'focus']).then(({ added }) => added), 0);
  // The name is the same, the λ, the recipe, the questions, the pool of samples, the maps or the start are not.
  assert.equal((await run(['masks'], { arms: [conditionOf('masks', { data: 3, lambda: 3 })] })).added, 1);
  assert.equal((await run(['plain'], { recipe: { ...o.recipe, lr: 1e-3 } })).added, 1);
  assert.equal((await run(['plain', 'masks', 'masks'], { testClips: 4 })).added, 2);
  assert.equal((await run(['plain'], { clips: CLIPS - 1 })).added, 1);
  const steps10 = writePriors(join(dir, 'b.safetensors'), ['focus'], 0, CLIPS, { steps: '10' });
  assert.equal((await run(['focus', 'plain'], { priors: [steps10] })).added, 1);
  const moving = await run(['plain'], { world: 'moving-camera', priors: [] });
  assert.deepEqual([moving.added, moving.found[0]!.setup!.world], [1, 'moving-camera']);
  assert.equal(first.found[0]!.setup!.world, undefined, 'results of the still world name none, as ever');
  const other = loadVlm(join(dir, 'other'), { device: 'cpu', dtype: 'float32' });
  const again = await run(['plain'], { vlm: other });
  assert.deepEqual([again.added, again.found.length], [1, 1]);
  other.dispose();

  const fails = (texts: string[], paths: string[], message: RegExp) =>
    assert.rejects(run(texts, { priors: paths }), { name: 'UserError', code: 'ERR_PRIOR', message });
  await fails(['fokus'], priors, /prior of the files \(focus\).*received "fokus"/);
  await fails(['focus'], [...priors, steps10], /focus in .*a\.safetensors and in .*b\.safetensors.*--tag/);
  const short = writePriors(join(dir, 'c.safetensors'), ['focus@10'], 0, 2);
  await fails(['focus@10'], [...priors, short], /focus@10 of all 3 training clips but received none of clip 2/);
  const rest = writePriors(join(dir, 'd.safetensors'), ['focus@10'], 2, 1);
  assert.equal((await run(['focus', 'focus@10'], { priors: [...priors, short, rest] })).added, 1);
  const none = {
    name: 'UserError',
    code: 'ERR_VALUE',
    message: /a question for test but received 1: .*Take more with --test/,
  };
  await assert.rejects(run(['plain'], { testClips: 1 }), none);
  const test = writePriors(join(dir, 'e.safetensors'), ['focus'], 0, CLIPS, { split: 'test' });
  await fails(['focus'], [test], /of the split train but received those of test/);
  const away = writePriors(join(dir, 'f.safetensors'), ['focus'], 0, CLIPS, { world: 'moving-camera' });
  await fails(['focus'], [away], /of the world still-camera but received those of moving-camera/);
  vlm.dispose();
});
