// What lies in a run's folder is not lost, and two runs do not share one.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { releaseClaim, takeClaim } from '@motion-enhancer/support';
import { newRun, trained } from '../testing-runs.js';

const steps = { steps: 1 };

leakFree('RUN/checkpoint is looked at before the first step: foreign files and models stay', async () => {
  let stepsRun = 0;
  const onStep = () => void stepsRun++;
  const file = newRun();
  mkdirSync(file);
  writeFileSync(join(file, 'checkpoint'), 'mine');
  const folder = newRun();
  mkdirSync(join(folder, 'checkpoint'), { recursive: true });
  writeFileSync(join(folder, 'checkpoint', 'config.json'), '{"model_type": "of another"}');
  for (const [out, why] of [
    [file, /is no folder/],
    [folder, /did not make/],
  ] as const)
    for (const resume of [false, true])
      await assert.rejects(trained({ out, resume, onStep, recipe: steps }), { code: 'ERR_RUN', message: why });
  assert.equal(stepsRun, 0);
  assert.equal(readFileSync(join(file, 'checkpoint'), 'utf8'), 'mine');
  assert.deepEqual(readdirSync(join(folder, 'checkpoint')), ['config.json']);
  const empty = newRun();
  mkdirSync(join(empty, 'checkpoint'), { recursive: true });
  await trained({ out: empty, recipe: steps }, (run) => assert.ok(run.finished));
});

leakFree('a run that goes on may replace its own checkpoint; another run may not, nor its base', async () => {
  const out = newRun();
  await trained({ out, recipe: steps });
  const before = readFileSync(join(out, 'checkpoint', 'model.safetensors'));
  await trained({ out, resume: true, recipe: steps });
  assert.deepEqual(readFileSync(join(out, 'checkpoint', 'model.safetensors')), before);
  await assert.rejects(trained({ out, recipe: steps }), { code: 'ERR_RUN', message: /did not make/ });
  await assert.rejects(trained({ out, resume: true, recipe: { ...steps, lr: 7e-3 } }), { message: /did not make/ });
});

leakFree('one process at a time trains in a folder; what a killed one left goes', async () => {
  const out = newRun();
  mkdirSync(join(out, 'states', '.step-00000001.999999999.tmp'), { recursive: true });
  mkdirSync(join(out, '.checkpoint.999999999-0123abcd.tmp'));
  writeFileSync(join(out, '.run.yaml.999999999-0123abcd.tmp'), '');
  const claim = takeClaim(out, 'run')!;
  await assert.rejects(trained({ out, recipe: steps }), { code: 'ERR_RUN', message: /trains in .* now/ });
  assert.ok(!existsSync(join(out, 'run.json')));
  releaseClaim(claim);
  await trained({ out, recipe: steps });
  assert.deepEqual(
    [...readdirSync(out), ...readdirSync(join(out, 'states'))].filter((name) => name.startsWith('.')),
    [],
  );
});
