import { UserError } from '@motion-enhancer/support';
import type { ParameterGroup } from '../qwen2-5-vl/weight-names.js';

/**
 * Which names a checkpoint's files use: `remote` as the original checkpoints (fused query, key and value in the vision
 * tower), `hf` as the published `-hf` ones and what transformers saves, `nested` as transformers has them in memory.
 */
export type InternVL3WeightForm = 'remote' | 'hf' | 'nested';

/** Canonical names are those of transformers 5 in memory. */
const HF: readonly [canonical: string, file: string][] = [
  ['model.vision_tower.', 'vision_tower.'],
  ['model.multi_modal_projector.', 'multi_modal_projector.'],
  ['model.language_model.', 'language_model.model.'],
  ['lm_head.', 'language_model.lm_head.'],
];

const REMOTE: readonly [canonical: RegExp, file: string][] = [
  [/^model\.vision_tower\.embeddings\.cls_token$/, 'vision_model.embeddings.class_embedding'],
  [/^model\.vision_tower\.embeddings\.position_embeddings$/, 'vision_model.embeddings.position_embedding'],
  [/^model\.vision_tower\.embeddings\.patch_embeddings\.projection\./, 'vision_model.embeddings.patch_embedding.'],
  [/^model\.vision_tower\.encoder\.layer\./, 'vision_model.encoder.layers.'],
  [/^model\.multi_modal_projector\.layer_norm\./, 'mlp1.0.'],
  [/^model\.multi_modal_projector\.linear_1\./, 'mlp1.1.'],
  [/^model\.multi_modal_projector\.linear_2\./, 'mlp1.3.'],
  [/^model\.language_model\./, 'language_model.model.'],
  [/^lm_head\./, 'language_model.lm_head.'],
  [/\.attention\.projection_layer\./, '.attn.proj.'],
  // Three canonical parameters are thirds of one tensor there.
  [/\.attention\.[qkv]_proj\./, '.attn.qkv.'],
  [/\.layernorm_before\./, '.norm1.'],
  [/\.layernorm_after\./, '.norm2.'],
  [/\.lambda_([12])$/, '.ls$1'],
];

/** The form of a checkpoint by the names it holds. @throws UserError ERR_CHECKPOINT when none fits */
export function weightFormOf(names: readonly string[], dir: string): InternVL3WeightForm {
  const held = new Set(names);
  if (held.has('vision_model.embeddings.class_embedding')) return 'remote';
  if (held.has('vision_tower.embeddings.cls_token')) return 'hf';
  if (held.has('model.vision_tower.embeddings.cls_token')) return 'nested';
  throw new UserError(
    `Expected vision_model.embeddings.class_embedding or vision_tower.embeddings.cls_token among the tensors of ${dir} but received ${names.length} others${names.length ? `, such as ${names[0]}` : ''}. Give a checkpoint of InternVL3 with its own weights (not an adapter).`,
    { code: 'ERR_CHECKPOINT' },
  );
}

/** Canonical name → name in the files. */
export function fileName(name: string, form: InternVL3WeightForm): string {
  if (form === 'nested') return name;
  if (form === 'remote') return REMOTE.reduce((result, [from, to]) => result.replace(from, to), name);
  const prefix = HF.find(([canonical]) => name.startsWith(canonical));
  return prefix ? prefix[1] + name.slice(prefix[0].length) : name;
}

/** Which third of a fused tensor a parameter is in the `remote` form: 0, 1, 2, or null when it is a tensor of its own. */
export function fusedThird(name: string, form: InternVL3WeightForm): 0 | 1 | 2 | null {
  if (form !== 'remote') return null;
  const letter = /^model\.vision_tower\..*\.attention\.([qkv])_proj\./.exec(name)?.[1];
  return letter === undefined ? null : ('qkv'.indexOf(letter) as 0 | 1 | 2);
}

/** The group of a canonical parameter name; `merger` is the projector. */
export function groupOf(name: string): ParameterGroup {
  if (name.startsWith('model.multi_modal_projector.')) return 'merger';
  return name.startsWith('model.vision_tower.') ? 'vision' : 'llm';
}
