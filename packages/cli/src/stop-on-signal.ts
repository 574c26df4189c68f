const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * The first SIGINT or SIGTERM aborts; the second ends the process as if nobody had listened, also while libtorch
 * computes and no JavaScript runs.
 */
export function stopOnSignal(onFirst: (signal: NodeJS.Signals) => void): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const dispose = () => {
    for (const name of SIGNALS) process.off(name, heard);
  };
  const heard = (name: NodeJS.Signals) => {
    dispose();
    controller.abort();
    onFirst(name);
  };
  for (const name of SIGNALS) process.on(name, heard);
  return { signal: controller.signal, dispose };
}
