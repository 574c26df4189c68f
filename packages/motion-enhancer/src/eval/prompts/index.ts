import { UserError } from '@motion-enhancer/support';
import type { VlmTraits } from '../../vlm/index.js';
import { judgeOf } from '../judges/index.js';
import { FAVOR_PROTOCOLS } from './favor.js';
import { MOTIONBENCH_PROTOCOLS } from './motionbench.js';
import { SEEDBENCH_PROTOCOLS } from './seedbench.js';
import type { Protocol } from './types.js';
import { VIDEOMME_PROTOCOLS } from './videomme.js';

export { pyRepr, pyReprText } from './python-repr.js';
export * from './types.js';

/** Every protocol, by benchmark and then in the order in which tables list them. */
export const PROTOCOLS: readonly Protocol[] = [
  ...MOTIONBENCH_PROTOCOLS,
  ...FAVOR_PROTOCOLS,
  ...SEEDBENCH_PROTOCOLS,
  ...VIDEOMME_PROTOCOLS,
];

/** @throws UserError ERR_VALUE naming the benchmarks or the benchmark's protocols */
export function protocolOf(benchmark: string, name: string): Protocol {
  const those = PROTOCOLS.filter((protocol) => protocol.benchmark === benchmark);
  const [field, names, given] =
    those.length === 0
      ? ['a benchmark', [...new Set(PROTOCOLS.map((protocol) => protocol.benchmark))], benchmark]
      : [`a protocol of ${benchmark}`, those.map((protocol) => protocol.name), name];
  const found = those.find((protocol) => protocol.name === name);
  if (found) return found;
  throw new UserError(`Expected ${field} (${names.join(', ')}) but received "${given}". Choose one of them.`, {
    code: 'ERR_VALUE',
  });
}

/** A protocol as plain data, with one question's prompt as an example: what stands beside every score. */
export function recipeOf(protocol: Protocol, traits: VlmTraits): Record<string, unknown> {
  const { prompt, video, ...data } = protocol;
  const example = { question: '{question}', options: ['{first option}', '{second option}'], frameSeconds: [0.5, 1.5] };
  return {
    ...data,
    prompt: prompt(example, traits),
    video: video[traits.frames],
    ...(protocol.reading === 'reply' ? { judgeRule: judgeOf(protocol.judge).description } : {}),
  };
}

/** `motionbench official v1`: the short name of a recipe. */
export const protocolLabel = ({ benchmark, name, version }: Protocol): string => `${benchmark} ${name} v${version}`;
