import { backward, type SafetensorsFile, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import { alignerFromTensors } from '../../align/index.js';
import { alignedStep, type StepChat } from '../../train/loss/step.js';
import type { VlmModel } from '../../vlm/index.js';
import { compare, GRADIENT, OUTPUT } from '../compare.js';
import { readJson } from '../golden-file.js';
import type { ParityContext, Tolerance } from '../part.js';

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

/** What a step is computed from, and what the reference got. */
export interface StepGolden {
  chat: StepChat;
  /** step.json: words, visual tokens and grids. */
  stepFile: string;
  /** step.safetensors: prior, aligner, attention, losses, gradients. */
  file: SafetensorsFile;
}

/**
 * One alignment step (docs/method.md 5) as step.json and step.safetensors describe it: attention rows, resize, aligner, both
 * losses, and gradients of their sum. Parameters must have no gradients yet.
 */
export function alignedStepChecks(
  name: string,
  vlm: VlmModel,
  { chat, stepFile, file }: StepGolden,
  { device, report }: ParityContext,
): void {
  const about = readJson(stepFile) as unknown as Step;
  const input = (tensor: string) => file.read(tensor);
  const aligner = scope(() =>
    alignerFromTensors(
      'mlp',
      new Map(
        [...file.tensors.keys()]
          .filter((n) => n.startsWith('aligner.'))
          .map((n) => [n.slice('aligner.'.length), input(n)]),
      ),
      device,
    ),
  );
  try {
    scope(() => {
      const step = alignedStep(vlm, aligner, {
        chat,
        prior: {
          rows_WS: input('prior').to(device),
          grid: toGrid(about.prior_grid),
          words: about.words,
          visual: [about.visual[0], about.visual[1] + 1],
          ...(file.tensors.has('visual_positions') ? { visualPositions: input('visual_positions').toArray() } : {}),
          visualGrid: toGrid(about.visual_grid),
        },
      });
      const check = (tensor: string, ours: Tensor, tolerance: Tolerance) => {
        if (file.tensors.has(tensor)) report(compare(`${name}/${tensor}`, ours, input(tensor), tolerance));
      };
      check('attention_rows', step.attention!, ROWS);
      check('attention_resized', step.resized!, ROWS);
      check('loss_ar', step.lossAr.reshape(1), OUTPUT);
      check('loss_align', step.lossAlign!.reshape(1), OUTPUT);
      backward([step.lossAr.add(step.lossAlign!)]);
      const parameters = new Map(vlm.model.parameters());
      for (const [n, t] of aligner.parameters()) parameters.set(`aligner.${n}`, t);
      for (const tensor of file.tensors.keys()) {
        if (!tensor.startsWith('grad.')) continue;
        const gradient = parameters.get(tensor.slice('grad.'.length))?.grad;
        if (gradient) report(compare(`${name}/${tensor}`, gradient, input(tensor), GRADIENT));
        else
          report({
            name: `${name}/${tensor}`,
            maxAbs: Number.NaN,
            maxRel: Number.NaN,
            tolerance: GRADIENT,
            ok: false,
            note: 'no gradient',
          });
      }
      check('grad_norm', gradientNorm([...vlm.model.parameters().values()]), GRADIENT);
    });
  } finally {
    aligner.dispose();
  }
}

function gradientNorm(parameters: readonly Tensor[]): Tensor {
  const norms = parameters.flatMap((p) => {
    const { grad } = p;
    return grad ? [grad.to('float32').norm()] : [];
  });
  return stack(norms).norm().reshape(1);
}
