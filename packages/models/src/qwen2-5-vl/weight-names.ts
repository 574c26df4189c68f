import { UserError } from '@motion-enhancer/support';

/** Which names a checkpoint's files use: `hub` as published (`visual.*`, `model.*`), `nested` as newer saves. */
export type WeightForm = 'hub' | 'nested';

/** Part of the model that a parameter belongs to: learning rates and freezing go by it. */
export type ParameterGroup = 'vision' | 'merger' | 'llm';

const PREFIXES: readonly [canonical: string, hub: string][] = [
  ['model.visual.', 'visual.'],
  ['model.language_model.', 'model.'],
];

/** The form of a checkpoint by the names it holds. @throws UserError ERR_CHECKPOINT when neither form fits */
export function weightFormOf(names: readonly string[], dir: string): WeightForm {
  const held = new Set(names);
  if (held.has('model.language_model.embed_tokens.weight')) return 'nested';
  if (held.has('model.embed_tokens.weight')) return 'hub';
  throw new UserError(
    `Expected model.embed_tokens.weight or model.language_model.embed_tokens.weight among the tensors of ${dir} but received ${names.length} others${names.length ? `, such as ${names[0]}` : ''}. Give a checkpoint of Qwen2.5-VL with its own weights (not an adapter).`,
    { code: 'ERR_CHECKPOINT' },
  );
}

/** Canonical name → name in the files. */
export function fileName(name: string, form: WeightForm): string {
  if (form === 'nested') return name;
  const prefix = PREFIXES.find(([canonical]) => name.startsWith(canonical));
  return prefix ? prefix[1] + name.slice(prefix[0].length) : name;
}

/** The group of a canonical parameter name. The merger is its own group although it lies within `visual`. */
export function groupOf(name: string): ParameterGroup {
  if (name.startsWith('model.visual.merger.')) return 'merger';
  return name.startsWith('model.visual.') ? 'vision' : 'llm';
}
