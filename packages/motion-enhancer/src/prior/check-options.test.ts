import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../config/field.js';
import { checkOptions, unusedOptions } from './check-options.js';
import { PRIOR_FIELDS, type PriorConfig } from './config.js';
import { PRESET_NAMES, PRESETS } from './presets.js';
import { priorKey } from './store/key.js';

const config = (o: Partial<PriorConfig>) => resolve(PRIOR_FIELDS, o);

test('presets are options that go together, each with another key; the paper’s are the defaults', () => {
  for (const name of PRESET_NAMES) checkOptions(config(PRESETS[name]));
  assert.deepEqual(config(PRESETS.paper), config({}));
  assert.deepEqual(PRESET_NAMES, ['paper', 'renoise-4', 'renoise-2', 'renoise-1']);
});

test('options that contradict each other are told with the way out', () => {
  const WRONG: [Partial<PriorConfig>, RegExp][] = [
    [
      { selection: 'reliability' },
      /mode renoise with two passes .* for selection reliability but received mode invert/,
    ],
    [
      { mode: 'renoise', levels: '200', selection: 'change-reliability' },
      /received one pass.*selection change needs one/,
    ],
    [{ mode: 'renoise', keepStrip: true }, /mode invert for keepStrip but received renoise/],
    [{ mode: 'difference', keepHeads: true }, /for keepHeads but received difference, which has no heads/],
    [{ mode: 'difference-shifted', keepAllHeads: true }, /for keepAllHeads/],
    [{ mode: 'renoise', levels: '2000' }, /between 0 and 1000/],
    [{ spread: 1, spreadLayer: 'last' }, /middle, all, or a layer's number/],
  ];
  for (const [o, message] of WRONG) assert.throws(() => checkOptions(config(o)), { code: 'ERR_VALUE', message });
  checkOptions(config({ mode: 'renoise', levels: '200', draws: 2, selection: 'reliability' }));
  // What is out of use is not looked at.
  checkOptions(config({ levels: 'x', spreadLayer: 'x' }));
});

test('what does nothing in a mode is known, and does not change its key', () => {
  const parts = { model: 'm', video: 'v', text: 't', dtype: 'float32' };
  for (const mode of PRIOR_FIELDS.mode.choices)
    for (const name of unusedOptions({ mode })) {
      const field = PRIOR_FIELDS[name];
      // Asking for what the mode cannot give is refused, not passed over.
      if (field.type === 'boolean' || name === 'squareSum') continue;
      const other = field.type === 'choice' ? field.choices.at(-1)! : field.type === 'string' ? '5' : 1;
      const key = (o: object) => priorKey({ ...parts, options: config({ mode, ...o }) });
      assert.equal(key({ [name]: other }), key({}), `${mode} ${name}`);
    }
  assert.ok(
    unusedOptions({ mode: 'renoise' }).includes('steps') && !unusedOptions({ mode: 'invert' }).includes('steps'),
  );
});
