import { UserError } from '@motion-enhancer/support';
import { registeringPlugin } from '../../plugins/registering-plugin.js';
import type { VlmFamily } from './family.js';
import { internVL3Family } from './internvl3/family.js';
import { qwen25VLFamily } from './qwen2-5-vl/family.js';

/** The families that come with the project. */
const BUILT_IN: readonly VlmFamily[] = [qwen25VLFamily, internVL3Family];

const registered: { family: VlmFamily; plugin: string | null }[] = [];

/** Every family there is, those of this project first. */
export const vlmFamilies = (): readonly VlmFamily[] => [...BUILT_IN, ...registered.map(({ family }) => family)];

/** Do threads know a family? Those of the project and of plugins, which threads load too; others are this thread's alone. */
export const threadsKnow = (family: VlmFamily): boolean =>
  BUILT_IN.includes(family) || registered.some((one) => one.family === family && one.plugin !== null);

export const vlmFamilyById = (id: string): VlmFamily | undefined => vlmFamilies().find((family) => family.id === id);

export const vlmFamilyByType = (modelType: string): VlmFamily | undefined =>
  vlmFamilies().find(({ modelTypes }) => modelTypes.includes(modelType));

/**
 * Adds a family at run time.
 * @throws UserError ERR_PLUGIN for an id or a model_type that another family has
 */
export function registerVlmFamily<C>(family: VlmFamily<C>): void {
  const taken = vlmFamilies().find(
    ({ id, modelTypes }) => id === family.id || modelTypes.some((type) => family.modelTypes.includes(type)),
  );
  if (taken)
    throw new UserError(
      `Expected a VLM family with an id and a model_type of its own but received ${family.id} (${family.modelTypes.join(', ')}), which ${taken.id} has. Register each family once.`,
      { code: 'ERR_PLUGIN' },
    );
  registered.push({ family: family as VlmFamily, plugin: registeringPlugin() });
}

/** `Qwen2.5-VL or InternVL3`, for help texts and messages. */
export function familyNames(which: (family: VlmFamily) => boolean = () => true): string {
  const names = vlmFamilies()
    .filter(which)
    .map(({ name }) => name);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
