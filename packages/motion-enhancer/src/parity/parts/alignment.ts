import { join } from 'node:path';
import { backward, openSafetensors, type SafetensorsFile, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import { loadQwen25VL } from '@motion-enhancer/models';
import { alignerFromTensors } from '../../align/index.js';
import { alignedStep } from '../../train/step.js';
import { compare, GRADIENT, OUTPUT } from '../compare.js';
import type { ParityContext, ParityPart, Tolerance } from '../part.js';
import { readJson } from '../read-json.js';

interface Step {
  words: number[][];
  /** First and last visual token, inclusive. */
  visual: [number, number];
  visual_grid: [number, number, number];
  prior_grid: [number, number, number];
}

const toGrid = ([frames, height, width]: [number, number, number]) => ({ frames, height, width });

/** Attention rows are about 1e-2: judged relative to their largest entry. */
const ROWS: Tolerance = { abs: 0, rel: 1e-3 };

/** One alignment step (method.md 5): attention rows, resize, aligner, both losses, and gradients of their sum. */
export const alignmentPart: ParityPart = {
  name: 'alignment',
  needs: ['qwen2_5_vl/step.json', 'qwen2_5_vl/step.safetensors', 'qwen2_5_vl/model'],
  run(root, context) {
    const dir = join(root, 'qwen2_5_vl');
    const file = openSafetensors(join(dir, 'step.safetensors'));
    try {
      // The hub form holds the same weights rounded to bfloat16: its gradients are not the reference's.
      checkStep(dir, 'model', file, context);
    } finally {
      file.close();
    }
  },
};

function checkStep(dir: string, form: string, file: SafetensorsFile, { device, dtype, report }: ParityContext): void {
  const about = readJson(join(dir, 'step.json')) as unknown as Step;
  const model = loadQwen25VL(join(dir, form), { device, dtype, trainable: true });
  const aligner = scope(() =>
    alignerFromTensors(
      'mlp',
      new Map(
        [...file.tensors.keys()]
          .filter((n) => n.startsWith('aligner.'))
          .map((n) => [n.slice('aligner.'.length), file.read(n)]),
      ),
      device,
    ),
  );
  try {
    scope(() => {
      const input = (name: string) => file.read(name);
      const step = alignedStep(
        model,
        aligner,
        {
          ids: input('input_ids').toArray(),
          labels: input('labels').toArray(),
          patches: input('pixel_values_videos').to(dtype, device),
          grids: [input('video_grid_thw').toArray() as [number, number, number]],
          positions_3BN: input('position_ids').to(device),
        },
        {
          rows_WS: input('prior').to(device),
          grid: toGrid(about.prior_grid),
          words: about.words,
          visual: [about.visual[0], about.visual[1] + 1],
          visualGrid: toGrid(about.visual_grid),
        },
      );
      report(compare('alignment/attention_rows', step.attention!, input('attention_rows'), ROWS));
      report(compare('alignment/attention_resized', step.resized!, input('attention_resized'), ROWS));
      report(compare('alignment/loss_ar', step.lossAr.reshape(1), input('loss_ar'), OUTPUT));
      report(compare('alignment/loss_align', step.lossAlign!.reshape(1), input('loss_align'), OUTPUT));
      backward([step.lossAr.add(step.lossAlign!)]);
      const parameters = new Map([
        ...model.parameters(),
        ...[...aligner.parameters()].map(([n, t]) => [`aligner.${n}`, t] as const),
      ]);
      for (const name of file.tensors.keys()) {
        if (!name.startsWith('grad.')) continue;
        const gradient = parameters.get(name.slice('grad.'.length))?.grad;
        if (gradient) report(compare(`alignment/${name}`, gradient, input(name), GRADIENT));
        else
          report({
            name: `alignment/${name}`,
            maxAbs: Number.NaN,
            maxRel: Number.NaN,
            tolerance: GRADIENT,
            ok: false,
            note: 'no gradient',
          });
      }
      report(
        compare('alignment/grad_norm', gradientNorm([...model.parameters().values()]), input('grad_norm'), GRADIENT),
      );
    });
  } finally {
    aligner.dispose();
    model.dispose();
  }
}

function gradientNorm(parameters: readonly Tensor[]): Tensor {
  const norms = parameters.flatMap((p) => {
    const { grad } = p;
    return grad ? [grad.to('float32').norm()] : [];
  });
  return stack(norms).norm().reshape(1);
}
