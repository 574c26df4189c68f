import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { noGrad, openSafetensors, type SafetensorsFile, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Grid, generate, loadQwen25VL, positionsTensor, type Qwen25VL, ropeIndex } from '@motion-enhancer/models';
import { attempt } from '../attempt.js';
import { compare, compareExact, EXACT } from '../compare.js';
import { besideReference } from '../golden-file.js';
import type { ParityContext, ParityPart } from '../part.js';
import { batchChecks } from './qwen2-5-vl-batch.js';
import { mediaInOrder } from './qwen2-5-vl-media.js';
import { qwen25VLProcessingChecks } from './qwen2-5-vl-processing.js';
import { qwen2TokenChecks } from './qwen2-tokens.js';
import { REFERENCE_ROPE } from './reference-rope.js';
import { decoderChecks, generationChecks, outputTolerance, sameParameters } from './vlm-checks.js';

/** Qwen2.5-VL against what transformers computed with the same random weights. */
export const qwen25VLPart: ParityPart = {
  name: 'qwen2_5_vl',
  needs: ['qwen2_5_vl/model', 'qwen2_5_vl/step.safetensors', 'qwen2_5_vl/vision.safetensors'],
  run(dir, context) {
    const folder = join(dir, 'qwen2_5_vl');
    goldenChecks(dir, context);
    const model = loadQwen25VL(join(folder, 'model'), {
      device: context.device,
      dtype: context.dtype,
      trainable: true,
    });
    const step = openSafetensors(join(folder, 'step.safetensors'));
    const vision = openSafetensors(join(folder, 'vision.safetensors'));
    try {
      visionChecks(model, vision, context);
      attempt('qwen2_5_vl/step', context.report, () => stepChecks(model, step, context));
      replies(model, step, context);
      const batch = join(folder, 'batch.safetensors');
      if (existsSync(batch)) attempt('qwen2_5_vl/batch', context.report, () => batchChecks(model, batch, context));
      // Through float16 the plain weights would be rounded twice.
      if (context.dtype !== 'float16' && existsSync(join(folder, 'model-hub')))
        attempt('qwen2_5_vl/hub_parameters', context.report, () =>
          hubChecks(model, join(folder, 'model-hub'), context),
        );
    } finally {
      step.close();
      vision.close();
      for (const parameter of model.parameters().values()) parameter.grad = null;
      model.dispose();
    }
  },
};

/** Where the folder has them: processing arithmetic, and token ids by the tokenizer files beside it. */
function goldenChecks(dir: string, context: ParityContext): void {
  const processing = besideReference(dir, 'goldens/qwen25vl_processing.json');
  if (processing) attempt('qwen2_5_vl/processing', context.report, () => qwen25VLProcessingChecks(processing, context));
  const tokens = besideReference(dir, 'goldens/tokens_qwen2.json');
  const tokenizer = besideReference(dir, 'tokenizers/qwen2');
  if (tokens && tokenizer) attempt('tokens_qwen2', context.report, () => qwen2TokenChecks(tokens, tokenizer, context));
}

/** The form of published checkpoints (flat config, sharded, bfloat16) holds the same weights, rounded. */
function hubChecks(model: Qwen25VL, folder: string, context: ParityContext): void {
  const hub = loadQwen25VL(folder, { device: context.device, dtype: 'bfloat16' });
  try {
    sameParameters('qwen2_5_vl/hub_parameters', model.parameters(), hub.parameters(), context);
  } finally {
    hub.dispose();
  }
}

function visionChecks(model: Qwen25VL, file: SafetensorsFile, context: ParityContext): void {
  for (const i of [...file.tensors.keys()].flatMap((key) => /^grid_(\d+)$/.exec(key)?.[1] ?? []))
    attempt(`qwen2_5_vl/vision/embeds_${i}`, context.report, () =>
      scope(() => {
        const grid = file.read(`grid_${i}`).toArray() as unknown as Grid;
        const embeds = noGrad(() => model.encodeVisual(file.read(`pixels_${i}`), [grid]));
        context.report(
          compare(`qwen2_5_vl/vision/embeds_${i}`, embeds, file.read(`embeds_${i}`), outputTolerance(context)),
        );
      }),
    );
}

/** The inputs of the reference step: one sequence with any number of images and videos. */
function inputs(model: Qwen25VL, file: SafetensorsFile) {
  const read = (name: string) => (file.tensors.has(name) ? file.read(name) : null);
  const ids = file.read('input_ids').toArray();
  const seconds = read('second_per_grid_ts')?.toArray() ?? null;
  const { grids, patches } = mediaInOrder(ids, model.config, file);
  const rope = ropeIndex(ids, grids, seconds, model.config, REFERENCE_ROPE);
  return { ids, grids, seconds, rope, patches };
}

function stepChecks(model: Qwen25VL, file: SafetensorsFile, context: ParityContext): void {
  scope(() => {
    const { ids, grids, rope, patches } = inputs(model, file);
    const positions_3BN = positionsTensor([rope.positions]);
    if (file.tensors.has('position_ids'))
      context.report(compare('qwen2_5_vl/position_ids', positions_3BN, file.read('position_ids'), EXACT));
    if (file.tensors.has('rope_deltas'))
      context.report(compareExact('qwen2_5_vl/rope_deltas', [rope.delta], file.read('rope_deltas').toArray()));
    const visual = model.encodeVisual(patches, grids);
    if (file.tensors.has('visual_embeds'))
      context.report(compare('qwen2_5_vl/visual_embeds', visual, file.read('visual_embeds'), outputTolerance(context)));
    const forward = (rows: number[], onBlock: (layer: number, h: Tensor) => void) =>
      model.forward({ ids: [ids], visual, positions_3BN, rows, onBlock });
    decoderChecks('qwen2_5_vl', model.parameters(), forward, file, context);
  });
}

function replies(model: Qwen25VL, file: SafetensorsFile, context: ParityContext): void {
  const reply = (prompt: number[], o: { maxNewTokens: number; repetitionPenalty: number }) => {
    const { grids, seconds, patches } = inputs(model, file);
    const rope = ropeIndex(prompt, grids, seconds, model.config, REFERENCE_ROPE);
    const visual = noGrad(() => model.encodeVisual(patches, grids));
    return generate(model, { ids: prompt, visual, rope }, { ...o, eosIds: [model.config.eosTokenId] });
  };
  generationChecks('qwen2_5_vl', reply, file, context);
}
