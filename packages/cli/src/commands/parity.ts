import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import type { Check } from '@motion-enhancer/core/internal/parity/part.js';
import { runParity } from '@motion-enhancer/core/internal/parity/run.js';
import { UserError } from '@motion-enhancer/support';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  only: { type: 'string', default: '', text: 'Parts to run, separated by commas; all by default' },
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
  device: { ...DEVICE_FIELDS.device, default: 'cpu' },
} as const satisfies Fields;

export const command: Command = {
  name: 'parity',
  async run(argv) {
    const parsed = parseCommand('parity', 'DIR [options]', FIELDS, argv, { operands: 1 });
    if (!parsed) return 0;
    const { values, rest } = parsed;
    const [dir] = rest;
    if (!dir)
      throw new UserError('Expected a folder laid out like test/fixtures/reference: motion-enhancer parity DIR.', {
        code: 'ERR_USAGE',
      });
    const { device, dtype } = resolveRun(values.dtype === 'auto' ? { ...values, dtype: 'float32' } : values);
    const only = values.only === '' ? [] : values.only.split(',');
    if (!values.json) console.log(header());
    const result = await runParity(dir, {
      device,
      dtype,
      only,
      onCheck: (check) => console.log(values.json ? JSON.stringify(check) : line(check)),
      onSkip: (part, missing) =>
        console.log(
          values.json
            ? JSON.stringify({ skipped: part.name, missing })
            : `skipped ${part.name}: ${missing} is not in ${dir}`,
        ),
    });
    if (result.unchecked.length > 0 && !values.json)
      console.log(`not checked, no part reads them: ${result.unchecked.join(', ')}`);
    const skipped = result.skipped.length > 0 ? `, ${result.skipped.length} skipped` : '';
    console.log(
      values.json
        ? JSON.stringify({ type: 'parity', ...result })
        : `${result.passed} passed, ${result.failed} failed${skipped}`,
    );
    return result.failed > 0 ? 1 : 0;
  },
};

const COLUMNS = [72, 12, 12, 22] as const;

function header(): string {
  return row(['name', 'max_abs', 'max_rel', 'tolerance', 'ok']);
}

function line({ name, maxAbs, maxRel, tolerance, ok, note }: Check): string {
  const { abs, rel } = tolerance;
  const limits = [abs > 0 ? `${abs} abs` : '', rel > 0 ? `${rel} rel` : ''].filter(Boolean).join(' + ') || 'exact';
  return row([
    name,
    number(maxAbs),
    number(maxRel),
    limits,
    ok ? `ok${note ? ` (${note})` : ''}` : `FAILED${note ? `: ${note}` : ''}`,
  ]);
}

const number = (x: number) => (Number.isNaN(x) ? '-' : x === 0 ? '0' : x.toExponential(2));

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => (i < COLUMNS.length ? cell.padEnd(COLUMNS[i]!) : cell)).join('  ');
}
