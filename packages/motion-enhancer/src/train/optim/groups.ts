import type { Tensor } from '@motion-enhancer/libtorch';
import type { ParameterGroup as Part } from '@motion-enhancer/models';
import { expected } from '@motion-enhancer/support';
import type { Aligner } from '../../align/index.js';
import type { Network } from '../../vlm/index.js';
import type { Recipe } from '../recipe.js';

export interface NamedGroup {
  name: string;
  /** Peak learning rate. */
  peak: number;
  weightDecay: number;
  names: string[];
  params: Tensor[];
}

const PARTS: readonly string[] = ['vision', 'merger', 'llm'];

/** @throws UserError when `freeze` names what is no part of a model, or leaves none that learns */
export function checkFreeze(freeze: readonly string[]): void {
  for (const part of freeze) if (!PARTS.includes(part)) throw expected(`some of ${PARTS.join(', ')}`, 'freeze', part);
  if (PARTS.every((part) => freeze.includes(part)))
    throw expected(
      `at most two of ${PARTS.join(', ')}`,
      'freeze',
      freeze.join(', '),
      'Nothing would be left to learn.',
    );
}

/** Weights of these parts record no gradients, all others do. @throws UserError when `freeze` names no part */
export function freezeParts(model: Network, freeze: readonly string[]): void {
  checkFreeze(freeze);
  for (const [name, parameter] of model.parameters()) parameter.requiresGrad_(!freeze.includes(model.groupOf(name)));
}

/**
 * Optimiser groups: vision tower, merger, language model, aligner, each with and without decay (docs/method.md 5.6).
 * Frozen parts are in none of them, and record no gradients.
 * @throws UserError when `freeze` names no part
 */
export function parameterGroups(model: Network, aligner: Aligner, recipe: Recipe): NamedGroup[] {
  freezeParts(model, recipe.freeze);
  const peaks: Record<Part | 'aligner', number> = {
    vision: recipe.visionLr,
    merger: recipe.mergerLr,
    llm: recipe.lr,
    aligner: recipe.alignerLr ?? recipe.lr,
  };
  const groups = new Map<string, NamedGroup>();
  const add = (part: Part | 'aligner', name: string, parameter: Tensor) => {
    // Biases and norm weights are the vectors.
    const decays = parameter.dim > 1;
    const key = `${part}${decays ? '' : ' without decay'}`;
    let group = groups.get(key);
    if (!group) {
      group = { name: key, peak: peaks[part], weightDecay: decays ? recipe.weightDecay : 0, names: [], params: [] };
      groups.set(key, group);
    }
    group.names.push(name);
    group.params.push(parameter);
  };
  for (const [name, parameter] of model.parameters()) {
    if (parameter.requiresGrad) add(model.groupOf(name), name, parameter);
  }
  for (const [name, parameter] of aligner.parameters()) add('aligner', `aligner.${name}`, parameter);
  return [...groups.values()];
}
