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
