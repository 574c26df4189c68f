import { native } from '../native.js';
import { Tensor } from '../tensor.js';
import { explainFailure } from './explain-failure.js';
import { functional } from './functional-operators.js';
import { failureReason, groupError } from './group-error.js';
import type { ProcessGroup } from './process-group.js';
import { withDeadline } from './with-deadline.js';

/** Beyond Gloo's own time-out, which says more. */
const MARGIN_MS = 2_000;
const late = () => new Error('nothing came');

/** A collective that has been started. */
export interface Started {
  group: ProcessGroup;
  /** The function that started it, for messages. */
  operation: string;
  /** What the collective writes, perhaps in host memory; empty where there is nothing to wait for. */
  written: readonly Tensor[];
  /** What to give: made before the wait, so that no tensor is made after it. */
  result: Tensor;
  /** Brings `written` into `result`. */
  finish: () => void;
  /** Frees what was made on the way, also after a failure. */
  release: () => void;
}

/**
 * A collective under way. Its tensors belong to the scope in which it was started; that scope must stay open until it was
 * waited for, and it must be waited for, once, by `wait` or `waitNow`.
 */
export class PendingTensor {
  readonly #started: Started;
  readonly #start = performance.now();

  /** @internal */
  constructor(started: Started) {
    this.#started = started;
  }

  /**
   * The result, once it is there; the event loop stays free. With NCCL there is nothing to wait for on the host: the work that
   * comes after on the current queue waits.
   * @throws UserError `ERR_GROUP` after the group's time-out, or when a rank is gone; it names the ranks that it can
   */
  async wait(): Promise<Tensor> {
    const { group, written, result, finish, release } = this.#started;
    try {
      for (const tensor of written) {
        if (tensor.isCuda) waitHere(tensor);
        else await withDeadline(native.waitTensor(tensor.slot), group.timeoutMs + MARGIN_MS, late);
      }
      finish();
    } catch (cause) {
      throw await explainFailure(group, this.#error(cause));
    } finally {
      release();
    }
    return result;
  }

  /**
   * The result, with nothing else running meanwhile: for a training step.
   * @throws UserError `ERR_GROUP`; `explainFailure` adds which ranks are gone
   */
  waitNow(): Tensor {
    const { written, result, finish, release } = this.#started;
    try {
      for (const tensor of written) waitHere(tensor);
      finish();
    } catch (cause) {
      throw this.#error(cause);
    } finally {
      release();
    }
    return result;
  }

  #error(cause: unknown) {
    const { group, operation } = this.#started;
    group.markBroken();
    const { rank, size } = group;
    const waitedMs = performance.now() - this.#start;
    return groupError({ rank, size, operation, waitedMs }, failureReason(cause as Error), cause);
  }
}

function waitHere(tensor: Tensor): void {
  free(functional('wait_tensor')(tensor.slot));
}

/** `wait_tensor` gives a second handle on its argument. */
function free(slot: number): void {
  new Tensor(slot).dispose();
}
