import { endOnSecondSignal } from '@motion-enhancer/libtorch';

/** SIGHUP: the terminal or the ssh connection is gone; the run is saved as it is for SIGTERM. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts; the second ends the process as without this listener, also while libtorch
 * computes and no JavaScript runs.
 */
export function stopOnSignal(onFirst: (signal: NodeJS.Signals) => void): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const dispose = () => {
    for (const name of SIGNALS) process.off(name, heard);
  };
  const heard = (name: NodeJS.Signals) => {
    // Without the listeners the next signal ends the process: all that an older binding can do.
    if (!native) dispose();
    if (controller.signal.aborted) return;
    controller.abort();
    onFirst(name);
  };
  for (const name of SIGNALS) process.on(name, heard);
  const native = endOnSecondSignal();
  return { signal: controller.signal, dispose };
}
