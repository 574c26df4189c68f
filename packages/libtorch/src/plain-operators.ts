let plain = false;

/** Whether libtorch's operators serve in place of every kernel that `halfKernels` chooses; for comparisons. Default: no. */
export function usePlainOperators(on: boolean): void {
  plain = on;
}

export const plainOperatorsInUse = (): boolean => plain;

/** Runs `body` (synchronous) with plain operators in place of kernels. */
export function withPlainOperators<T>(body: () => T): T {
  const before = plain;
  plain = true;
  try {
    return body();
  } finally {
    plain = before;
  }
}
