import { empty } from '../factories.js';
import { native } from '../native.js';
import { Tensor } from '../tensor.js';
import { checkOpen } from './check-input.js';
import { failureReason, groupError } from './group-error.js';
import { PendingTensor } from './pending-tensor.js';
import type { ProcessGroup } from './process-group.js';

/** What a collective reads and writes. */
export interface Collective {
  /** The name of the function, for messages. */
  operation: string;
  group: ProcessGroup;
  input: Tensor;
  /** Where the result goes, contiguous: `input` itself for what works in place. */
  output: Tensor;
  /** Calls the operator on slots that the group's backend can reach. One that makes its result itself gives that back. */
  call: (input: number, output: number, group: string) => Tensor | undefined;
  /** What is left to do with the written tensor, such as a division. */
  after?: ((written: Tensor) => void) | undefined;
}

/** Starts a collective of several ranks. GPU tensors of a group over Gloo go to host memory, and the result comes back from there. */
export function startCollective({ operation, group, input, output, call, after }: Collective): PendingTensor {
  checkOpen(group);
  const throughHost = group.backend === 'gloo' && output.isCuda;
  const inPlace = output === input;
  const made: Tensor[] = [];
  const ours = (tensor: Tensor): Tensor => {
    made.push(tensor);
    return tensor;
  };
  const near = throughHost ? ours(input.to('cpu')) : input;
  const source = near.isContiguous ? near : ours(near.contiguous());
  const place = inPlace ? source : throughHost ? ours(empty(output.shape, { dtype: output.dtype })) : output;
  const own = begin(group, operation, () => call(source.slot, place.slot, group.name));
  const target = own ? ours(own) : place;
  const finish = () => {
    after?.(target);
    if (target !== output) output.copy_(target);
  };
  const release = () => {
    for (const tensor of made) tensor.dispose();
  };
  return new PendingTensor({ group, operation, written: [target], result: output, finish, release });
}

/** What NCCL or a store says at the start is a failure of the group; a wrong shape or dtype is the caller's. */
function begin<T>(group: ProcessGroup, operation: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const { message, code } = cause as Error & { code?: string };
    const first = message.split('\n')[0]!.replace(/^\S+ failed: /, '');
    if (code !== 'ERR_OPERATOR' || !/nccl|gloo|timed out|timeout|connection|socket|recv|broken pipe/i.test(first))
      throw cause;
    group.markBroken();
    throw groupError(
      { rank: group.rank, size: group.size, operation, waitedMs: 0 },
      failureReason(cause as Error),
      cause,
    );
  }
}

const NOTHING = (): void => {};

/** A collective of a group of one: there is nothing to wait for. */
export function already(group: ProcessGroup, operation: string, result: Tensor): PendingTensor {
  checkOpen(group);
  return new PendingTensor({ group, operation, written: [], result, finish: NOTHING, release: NOTHING });
}

/** The result of a group of one: `into`, filled, or a second handle on the input's memory. */
export function ownResult(input: Tensor, into: Tensor | undefined): Tensor {
  return into ? into.copy_(input) : new Tensor(native.alias(input.slot));
}
