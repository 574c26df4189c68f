import { askedDirectly } from './option-lines.js';
import { LETTER_DECODING, PAPER_VIDEO } from './recipes.js';
import type { Protocol } from './types.js';

/** Our own protocol, one for every benchmark of options: the paper's frames unless the benchmark's differ. */
export const letterProtocol = (benchmark: Protocol['benchmark'], video: Protocol['video'] = PAPER_VIDEO): Protocol => ({
  benchmark,
  name: 'letter',
  version: 2,
  description: 'the option’s letter, read strictly',
  source: 'ours',
  reading: 'reply',
  prompt: (question) => ({ text: askedDirectly(question) }),
  video,
  decoding: LETTER_DECODING,
  judge: 'strict-2',
  earlier: [{ version: 1, judge: 'strict' }],
  ours: ['all of it'],
});
