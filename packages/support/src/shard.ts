import { UserError } from './errors.js';

/** One of several equal parts of a run. */
export interface Shard {
  index: number;
  count: number;
}

/** `i/n` with i from 0; '' is the whole. @throws UserError `ERR_VALUE` */
export function parseShard(text: string): Shard {
  if (text === '') return { index: 0, count: 1 };
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || count < 1 || index >= count) {
    throw new UserError(
      `Expected i/n with i from 0 to n − 1 for --shard but received "${text}". Two processes take 0/2 and 1/2.`,
      { code: 'ERR_VALUE' },
    );
  }
  return { index, count };
}
