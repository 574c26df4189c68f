import assert from 'node:assert/strict';
import { Generator } from '@motion-enhancer/libtorch';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { loadQwen25VL } from '@motion-enhancer/models';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { createAligner } from '../../align/index.js';
import { testRecipe, writeTestVlm } from '../testing.js';
import { parameterGroups } from './groups.js';

const dir = writeTestVlm(temporaryFolder());

tensorTest('every parameter is in one group, with the rate of its part; vectors do not decay', () => {
  const model = loadQwen25VL(dir, { device: 'cpu', dtype: 'float32', trainable: true });
  const generator = new Generator(0);
  const aligner = createAligner({ kind: 'mlp', cells: 6, hidden: 4, device: 'cpu', generator });
  generator.dispose();
  const recipe = testRecipe({ lr: 1, mergerLr: 2, visionLr: 3, weightDecay: 0.25 });
  const groups = parameterGroups(model, aligner, recipe);
  assert.deepEqual(groups.map((g) => g.name).sort(), [
    'aligner',
    'aligner without decay',
    'llm',
    'llm without decay',
    'merger',
    'merger without decay',
    'vision',
    'vision without decay',
  ]);
  const names = groups.flatMap((g) => g.names);
  assert.equal(new Set(names).size, names.length, 'a parameter is in two groups');
  const all = [...model.parameters().keys(), ...[...aligner.parameters().keys()].map((name) => `aligner.${name}`)];
  assert.deepEqual([...names].sort(), all.sort());
  assert.equal(new Set(groups.flatMap((g) => g.params)).size, names.length, 'a tensor is twice among the parameters');
  // The head is tied: it is the embedding, once.
  assert.equal(names.filter((name) => /embed_tokens|lm_head/.test(name)).length, 1);
  const groupOf = (name: string) => groups.find((g) => g.names.includes(name))!;
  const expected: [string, number, number][] = [
    ['model.language_model.embed_tokens.weight', 1, 0.25],
    ['model.language_model.layers.1.self_attn.q_proj.weight', 1, 0.25],
    ['model.language_model.layers.1.self_attn.q_proj.bias', 1, 0],
    ['model.language_model.layers.0.input_layernorm.weight', 1, 0],
    ['model.language_model.norm.weight', 1, 0],
    ['model.visual.merger.mlp.0.weight', 2, 0.25],
    ['model.visual.merger.mlp.0.bias', 2, 0],
    ['model.visual.merger.ln_q.weight', 2, 0],
    ['model.visual.patch_embed.proj.weight', 3, 0.25],
    ['model.visual.blocks.0.attn.qkv.weight', 3, 0.25],
    ['model.visual.blocks.0.attn.qkv.bias', 3, 0],
    ['model.visual.blocks.0.norm1.weight', 3, 0],
    ['aligner.0.weight', 1, 0.25],
    ['aligner.4.bias', 1, 0],
  ];
  for (const [name, peak, decay] of expected) {
    const group = groupOf(name);
    assert.deepEqual([group.peak, group.weightDecay], [peak, decay], name);
    const parameter = group.params[group.names.indexOf(name)]!;
    assert.equal(parameter, model.parameters().get(name) ?? aligner.parameters().get(name.slice(8)));
  }
  aligner.dispose();
  model.dispose();
});
