import { expected } from '@motion-enhancer/support';

const AUTO = /^auto:(.*)$/;

/** `lambda: auto:R` is short for `lambdaRatio: R`. @throws UserError when R is no number above 0 */
export function lambdaOfSettings(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { lambda, ...rest } = settings;
  const match = typeof lambda === 'string' ? AUTO.exec(lambda.trim()) : null;
  if (!match) return { ...settings };
  return { ...rest, lambdaRatio: ratioOf(match[1]!) };
}

/** The same for the command line: `--lambda auto:R` is short for `--lambda-ratio R`. */
export function lambdaOfFlags(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const inline = argv[i]!.startsWith('--lambda=') ? argv[i]!.slice('--lambda='.length) : undefined;
    const value = inline ?? (argv[i] === '--lambda' ? argv[i + 1] : undefined);
    const match = value === undefined ? null : AUTO.exec(value);
    if (!match) {
      joined.push(argv[i]!);
      continue;
    }
    joined.push('--lambda-ratio', String(ratioOf(match[1]!)));
    if (inline === undefined) i++;
  }
  return joined;
}

function ratioOf(text: string): number {
  const ratio = Number(text);
  if (text.trim() !== '' && Number.isFinite(ratio) && ratio > 0) return ratio;
  throw expected('a number above 0 after auto:', 'lambda', text);
}
