import { expected } from '@motion-enhancer/support';
import { cuda } from './devices.js';
import { native } from './native.js';
import { Scope } from './scope.js';

/** A CUDA graph: work on a GPU that was captured once and is launched again with one call. */
export interface CudaGraph {
  /** Queues all of it on libtorch's stream. */
  launch(): void;
  /** Waits for the device, then frees the graph and the tensors that were made during its capture. */
  dispose(): void;
}

/**
 * Captures what `body` queues on a GPU. `body` runs twice: once for good, so that libraries make their workspaces, and
 * once captured, when nothing runs. It must queue the same work every time, read nothing back, and keep what it
 * changes in tensors that outlive the graph. What it makes lives as long as the graph; tensors that it frees itself (in
 * scopes of its own) may be handed to others, so it should free none.
 * @throws UserError where there is no such GPU
 */
export function recordCudaGraph(body: () => void, device = 0): CudaGraph {
  const { count, reason } = cuda();
  if (device >= count) throw expected('a CUDA device', 'device', `cuda:${device}`, reason ?? '');
  const made = new Scope();
  let handle: number;
  native.useGraphStream(device, true);
  try {
    made.run(body);
    handle = record(() => made.run(body), device);
  } catch (error) {
    made.close();
    throw error;
  } finally {
    native.useGraphStream(device, false);
  }
  return {
    launch: () => native.launchGraph(handle),
    dispose: () => {
      native.freeGraph(handle);
      made.close();
    },
  };
}

/** A recording is always ended: otherwise the stream would stay unusable. */
function record(body: () => void, device: number): number {
  native.beginCapture(device);
  try {
    body();
  } catch (error) {
    try {
      native.freeGraph(native.endCapture(device));
    } catch {
      // What went wrong first is what counts.
    }
    throw error;
  }
  return native.endCapture(device);
}
