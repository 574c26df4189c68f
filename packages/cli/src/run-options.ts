import type { Fields, Values } from '@motion-enhancer/core/internal/config/field.js';
import type { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { type FlagValue, helpText, parseFlags } from '@motion-enhancer/core/internal/config/flags.js';
import { type DType, resolveDevice, setThreads } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';

/** Settings of the tool's own speech. */
export const OUTPUT_FIELDS = {
  json: { type: 'boolean', default: false, text: 'Progress and results as JSON lines' },
} as const satisfies Fields;

/** The device and dtype that a command's settings mean on this machine. */
export function resolveRun(values: Values<typeof DEVICE_FIELDS>): { device: string; dtype: DType } {
  if (values.threads > 0) setThreads(values.threads);
  const device = resolveDevice(values.device);
  const dtype = values.dtype === 'auto' ? (device === 'cpu' ? 'float32' : 'bfloat16') : values.dtype;
  return { device, dtype };
}

/**
 * Parses a command's flags; null when help was asked for and printed.
 * @param options.operands how many words without `--` the command takes
 * @param options.base values of a file, which flags override
 */
export function parseCommand<F extends Fields>(
  name: string,
  usage: string,
  fields: F,
  argv: string[],
  { operands = 0, base = {} }: { operands?: number; base?: Readonly<Record<string, unknown>> } = {},
): { values: Values<F>; rest: string[]; order: FlagValue[] } | null {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(`motion-enhancer ${name} ${usage}\n\n${helpText(fields)}`);
    return null;
  }
  const parsed = parseFlags(fields, argv, base);
  if (parsed.rest.length > operands) {
    // `--heat-maps false` would otherwise be read as `--heat-maps` and a word that nobody looks at.
    throw new UserError(
      `Expected ${operands === 0 ? 'only options' : `${operands} operand and options`} but received "${parsed.rest[operands]}". Values of on/off options are written --option=false or --no-option; texts with spaces need quotes.`,
      { code: 'ERR_USAGE' },
    );
  }
  return parsed;
}
