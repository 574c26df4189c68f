import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  backward,
  crossEntropy,
  keep,
  noGrad,
  openSafetensors,
  type SafetensorsFile,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { type Grid, generate, loadQwen25VL, positionsTensor, type Qwen25VL, ropeIndex } from '@motion-enhancer/models';
import { compare, compareExact, EXACT, OUTPUT } from '../compare.js';
import type { ParityContext, ParityPart, Tolerance } from '../part.js';

/** Of half-precision networks: the reference is float32. */
const HALF: Tolerance = { abs: 0, rel: 0.03 };
/** The reference was computed by transformers 5, which goes on after a video by its extent. */
const REFERENCE_ROPE = { rounding: 'float', resume: 'extent' } as const;

/** Qwen2.5-VL against what transformers computed with the same random weights. */
export const qwen25VLPart: ParityPart = {
  name: 'qwen2_5_vl',
  needs: ['qwen2_5_vl/model', 'qwen2_5_vl/step.safetensors', 'qwen2_5_vl/vision.safetensors'],
  run(dir, context) {
    const folder = join(dir, 'qwen2_5_vl');
    const model = loadQwen25VL(join(folder, 'model'), {
      device: context.device,
      dtype: context.dtype,
      trainable: true,
    });
    const step = openSafetensors(join(folder, 'step.safetensors'));
    const vision = openSafetensors(join(folder, 'vision.safetensors'));
    try {
      visionChecks(model, vision, context);
      stepChecks(model, step, context);
      generationChecks(model, step, context);
      if (existsSync(join(folder, 'model-hub'))) hubChecks(model, join(folder, 'model-hub'), context);
    } finally {
      step.close();
      vision.close();
      for (const parameter of model.parameters().values()) parameter.grad = null;
      model.dispose();
    }
  },
};

/**
 * The form of published checkpoints (flat config, sharded, bfloat16) holds the same weights, rounded. Both forms must
 * give equal parameters under equal names once the plain ones are rounded too.
 */
function hubChecks(model: Qwen25VL, folder: string, context: ParityContext): void {
  const hub = loadQwen25VL(folder, { device: context.device, dtype: 'bfloat16' });
  try {
    const ours = hub.parameters();
    const names = [...model.parameters().keys()];
    const same = names.length === ours.size && names.every((name) => ours.has(name));
    const worst = scope(() =>
      same
        ? Math.max(...names.map((name) => difference(model.parameters().get(name)!.detach(), ours.get(name)!)))
        : Number.NaN,
    );
    context.report({
      name: 'qwen2_5_vl/hub_parameters',
      maxAbs: worst,
      maxRel: worst,
      tolerance: EXACT,
      ok: worst === 0,
      ...(same ? {} : { note: 'the two forms have other parameters' }),
    });
  } finally {
    hub.dispose();
  }
}

function difference(plain: Tensor, rounded: Tensor): number {
  return scope(() => plain.to('bfloat16').sub(rounded).abs().max().item());
}

const outputTolerance = (context: ParityContext): Tolerance => (context.dtype === 'float32' ? OUTPUT : HALF);

function visionChecks(model: Qwen25VL, file: SafetensorsFile, context: ParityContext): void {
  for (let i = 0; file.tensors.has(`grid_${i}`); i++)
    scope(() => {
      const grid = file.read(`grid_${i}`).toArray() as unknown as Grid;
      const embeds = noGrad(() => model.encodeVisual(file.read(`pixels_${i}`), [grid]));
      context.report(
        compare(`qwen2_5_vl/vision/embeds_${i}`, embeds, file.read(`embeds_${i}`), outputTolerance(context)),
      );
    });
}

/** The inputs of the reference step. */
function inputs(model: Qwen25VL, file: SafetensorsFile) {
  const ids = file.read('input_ids').toArray();
  const grids = file.read('video_grid_thw').tolist() as unknown as Grid[];
  const seconds = file.read('second_per_grid_ts').toArray();
  const rope = ropeIndex(ids, grids, seconds, model.config, REFERENCE_ROPE);
  return { ids, grids, seconds, rope, patches: file.read('pixel_values_videos') };
}

function stepChecks(model: Qwen25VL, file: SafetensorsFile, context: ParityContext): void {
  const tolerance = outputTolerance(context);
  const check = (name: string, ours: Tensor, limit: Tolerance = tolerance) =>
    context.report(compare(`qwen2_5_vl/${name}`, ours, file.read(name), limit));
  scope(() => {
    const { ids, grids, rope, patches } = inputs(model, file);
    const positions_3BN = positionsTensor([rope.positions]);
    check('position_ids', positions_3BN, EXACT);
    context.report(compareExact('qwen2_5_vl/rope_deltas', [rope.delta], file.read('rope_deltas').toArray()));
    const visual = model.encodeVisual(patches, grids);
    check('visual_embeds', visual);
    let first: Tensor | undefined;
    const out = model.forward({
      ids: [ids],
      visual,
      positions_3BN,
      rows: ids.map((_, i) => i),
      onBlock: (layer, h) => {
        if (layer === 0) first = keep(h.detach().clone());
      },
    });
    check('hidden_first', first!);
    first!.dispose();
    check('logits', out.logits);
    check('attention_mean', out.rows!.unsqueeze(0));
    const labels = file.read('labels').flatten().to(model.device);
    const targets = labels.narrow(0, 1, ids.length - 1);
    const loss = crossEntropy(
      out.logits
        .select(0, 0)
        .narrow(0, 0, ids.length - 1)
        .to('float32'),
      targets,
    );
    check('loss_ar', loss.view(1));
    finiteGradients(model, loss, context);
  });
}

/** The reference has gradients of the sum with the alignment loss only; here all must exist and be finite. */
function finiteGradients(model: Qwen25VL, loss: Tensor, context: ParityContext): void {
  backward([loss]);
  const bad = [...model.parameters()].filter(([, parameter]) => parameter.grad?.isfinite().all().item() !== 1);
  context.report({
    name: 'qwen2_5_vl/grad_finite',
    maxAbs: bad.length,
    maxRel: 0,
    tolerance: EXACT,
    ok: bad.length === 0,
    ...(bad.length ? { note: `no finite gradient for ${bad[0]![0]}` } : {}),
  });
}

function generationChecks(model: Qwen25VL, file: SafetensorsFile, context: ParityContext): void {
  // Rounding decides between near-equal logits: ids are compared in float32 only.
  if (context.dtype !== 'float32') return;
  for (const [name, repetitionPenalty] of [
    ['generated', 1],
    ['generated_penalty_1_3', 1.3],
  ] as const)
    scope(() => {
      const { ids, grids, seconds, patches } = inputs(model, file);
      const whole = file.read(name).toArray();
      const prompt = ids.slice(0, commonPrefix(ids, whole));
      const rope = ropeIndex(prompt, grids, seconds, model.config, REFERENCE_ROPE);
      const visual = noGrad(() => model.encodeVisual(patches, grids));
      const maxNewTokens = whole.length - prompt.length;
      const reply = generate(
        model,
        { ids: prompt, visual, rope },
        { maxNewTokens, repetitionPenalty, eosIds: [model.config.eosTokenId] },
      );
      context.report(compareExact(`qwen2_5_vl/${name}`, [...prompt, ...reply], whole));
    });
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}
