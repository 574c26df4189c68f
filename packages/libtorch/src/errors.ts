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

/** An operator of libtorch failed: the message names the operator and the shapes and dtypes that it got. */
export class LibtorchError extends Error {
  override readonly name: string = 'LibtorchError';
  /** Set by the binding: `ERR_OPERATOR`, `ERR_OUT_OF_MEMORY`, `ERR_UNKNOWN_OPERATOR` or `ERR_ARGUMENT`. */
  code = 'ERR_OPERATOR';
}

/** The device's memory did not suffice. `code` is `ERR_OUT_OF_MEMORY`. */
export class OutOfMemoryError extends LibtorchError {
  override readonly name: string = 'OutOfMemoryError';
}

/** `Expected X for FIELD but received Y.`, the project's one form for bad values. */
export function expected(what: string, field: string, received: unknown, remedy = ''): UserError {
  const shown = typeof received === 'string' ? `"${received}"` : String(received);
  return new UserError(`Expected ${what} for ${field} but received ${shown}.${remedy ? ` ${remedy}` : ''}`, {
    code: 'ERR_VALUE',
  });
}
