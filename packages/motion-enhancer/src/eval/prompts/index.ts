import { UserError } from '@motion-enhancer/support';
import type { VlmTraits } from '../../vlm/index.js';
import { benchmarkOf, benchmarks } from '../benchmarks/table.js';
import { judgeOf } from '../judges/index.js';
import type { Protocol } from './types.js';

export { pyRepr, pyReprText } from './python-repr.js';
export type {
  CaptionProtocol,
  DecodingRecipe,
  LossReduction,
  Prompt,
  PromptQuestion,
  Protocol,
  RankingProtocol,
  ReplyProtocol,
  VideoRecipe,
} from './types.js';

/** Every protocol, by benchmark and then in the order in which tables list them. */
export const protocols = (): readonly Protocol[] => benchmarks().flatMap((benchmark) => benchmark.protocols);

/** @throws UserError ERR_VALUE naming the benchmarks or the benchmark's protocols */
export function protocolOf(benchmark: string, name: string): Protocol {
  const those = benchmarkOf(benchmark).protocols;
  const found = those.find((protocol) => protocol.name === name);
  if (found) return found;
  const names = those.map((protocol) => protocol.name);
  throw new UserError(
    `Expected a protocol of ${benchmark} (${names.join(', ')}) but received "${name}". Choose one of them.`,
    { code: 'ERR_VALUE' },
  );
}

/** A protocol as plain data, with one question's prompt as an example: what stands beside every score. */
export function recipeOf(protocol: Protocol, traits: VlmTraits): Record<string, unknown> {
  const { prompt, video, ...all } = protocol;
  const { earlier: _, ...data } = { earlier: [], ...all };
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
