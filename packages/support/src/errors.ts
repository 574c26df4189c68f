/** A mistake of the user (wrong file, wrong option, broken input): shown as one sentence, without a stack, exit code 2. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  /** Machine-readable kind, for example `ERR_SAFETENSORS` or `ERR_CONFIG`. */
  readonly code: string;

  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? 'ERR_USER';
  }
}

/** `Expected X for FIELD but received Y.`, the project's one form for bad values. */
export function expected(what: string, field: string, received: unknown, remedy = ''): UserError {
  const shown = typeof received === 'string' ? `"${received}"` : String(received);
  return new UserError(`Expected ${what} for ${field} but received ${shown}.${remedy ? ` ${remedy}` : ''}`, {
    code: 'ERR_VALUE',
  });
}
