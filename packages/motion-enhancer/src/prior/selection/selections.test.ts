import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { liveTensors, scope } from '@motion-enhancer/libtorch';
import { closeTo } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { PRIOR_FIELDS } from '../config.js';
import { tinyVdm } from '../dataset/testing.js';
import { loadVdm } from '../diffusion/vdm.js';
import type { VideoDiffusion } from '../diffusion/video-diffusion.js';
import { runExtract } from '../run-extract.js';
import { PriorStore } from '../store/store.js';
import { readSelections, SELECTION_FIELDS } from './selections.js';

const dir = temporaryFolder();
const base = resolve(PRIOR_FIELDS, { frames: 5, height: 32, width: 48, steps: 2 });

test('options of a selection go over the run’s; from a file too', () => {
  const text = '{"focus-4": {"selection": "focus", "unit": "layer-head", "headCount": 4}, "last": {"stepsUsed": 1}}';
  const file = join(dir, 'selections.json');
  writeFileSync(file, text);
  for (const source of [text, file]) {
    const [focus, last] = readSelections(source, base);
    assert.deepEqual([focus!.name, last!.name], ['focus-4', 'last']);
    assert.deepEqual(focus!.config, { ...base, selection: 'focus', unit: 'layer-head', headCount: 4 });
    assert.deepEqual(last!.config, { ...base, stepsUsed: 1 });
  }
  assert.ok(SELECTION_FIELDS.every((name) => name in PRIOR_FIELDS));
});

test('what is none is told', () => {
  const WRONG: [string, RegExp][] = [
    ['{"a": {"stepz": 1}}', /Expected one of stream, .* for --selections a but received "stepz"/],
    ['{"a": {"frames": 9}}', /"frames"\. The diffusion pass depends on it/],
    ['{"a": {"headRatio": 2}}', /a\.headRatio/],
    ['{"a": {"stream": "y"}}', /a\.stream/],
    ['{"a b": {}}', /a name of letters/],
    ['{"a": 3}', /an object of options/],
    ['{', /Expected JSON for --selections/],
    [join(dir, 'absent.json'), /a JSON file or a JSON object/],
  ];
  for (const [source, message] of WRONG) assert.throws(() => readSelections(source, base), message, source);
});

let vdm: VideoDiffusion;
const atStart = liveTensors();
before(async () => {
  vdm = await loadVdm(tinyVdm(join(dir, 'vdm')), { device: 'cpu', dtype: 'float32' });
});
after(() => {
  vdm.dispose();
  assert.equal(liveTensors(), atStart, 'live tensors after the model');
});

test('selections of one pass are the priors of passes of their own, under the same keys', async () => {
  const selections = readSelections(
    JSON.stringify({
      focus: { selection: 'focus', unit: 'layer-head', headCount: 3 },
      reference: { stream: 'reference', half: 'negative' },
      'last-joint': { stepsUsed: 1, keys: 'joint' },
      tokens: { subWords: true, wordRatio: 0.25, keepAllHeads: true },
      heads: { keepHeads: true, headRatio: 1 },
      sampled: { squareSum: 'sampled', sampleRows: 3 },
    }),
    base,
  );
  const job = { vdm, video: fixture('videos/made_vfr.mkv'), text: 'a dog jumps over walls', id: 'x' };
  const together = new PriorStore(join(dir, 'together'));
  const main = await runExtract({ ...job, store: together, config: base, selections });
  assert.equal(together.keys().length, 1 + selections.length);
  const apart = new PriorStore(join(dir, 'apart'));
  for (const { name, config } of [{ name: undefined, config: base }, ...selections]) {
    const { key } = await runExtract({ ...job, store: apart, config });
    scope(() => {
      const [a, b] = [together.read(key), apart.read(key)];
      assert.equal(a.info.selection, name);
      assert.deepEqual([a.info.heads, a.info.words], [b.info.heads, b.info.words], name);
      closeTo(a.rows_WFHW, b.rows_WFHW, 0, name);
      assert.equal(a.heads_UWFHW === null, !config.keepHeads);
      assert.equal(a.allHeads_WFHW === null, !config.keepAllHeads);
      if (a.heads_UWFHW) closeTo(a.heads_UWFHW, b.heads_UWFHW!, 0, name);
      assert.equal(a.info.heads.length, config.unit === 'layer-head' ? 8 : 4);
      assert.equal(a.info.capture?.relativeError !== undefined, config.squareSum === 'sampled');
    });
  }
  // Whoever looks for the sample finds the run's own options, not one of the selections.
  assert.equal(together.samples().get('x')!.key, main.key);
});
