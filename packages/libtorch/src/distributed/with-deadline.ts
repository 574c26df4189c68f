/** What `promise` gives, or an error of `late` after `ms`; the timer keeps the process alive meanwhile. */
export function withDeadline<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), Math.max(ms, 1));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
