import { join } from 'node:path';
import { keep, openSafetensors, type SafetensorsFile, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import {
  type Attend,
  attentionWithLse,
  type CogVideoXTransformer,
  loadCogVideoXTransformer,
  ropeTables,
} from '@motion-enhancer/models';
import { attempt } from '../attempt.js';
import { compare, OUTPUT } from '../compare.js';
import type { ParityContext, ParityPart } from '../part.js';
import { networkTolerance } from './network-tolerance.js';

/** The transformer of one form against diffusers: prediction, rotary tables, and every attention map. */
function cogVideoXPart(form: string): ParityPart {
  return {
    name: form,
    needs: [`${form}/transformer`, `${form}/forward.safetensors`],
    run(dir, context) {
      const file = openSafetensors(join(dir, form, 'forward.safetensors'));
      try {
        const model = loadCogVideoXTransformer(join(dir, form, 'transformer'), context);
        try {
          scope(() => checkForm(form, model, file, context));
        } finally {
          model.dispose();
        }
      } finally {
        file.close();
      }
    },
  };
}

export const cogVideoX15Part = cogVideoXPart('cogvideox15');
export const cogVideoX10Part = cogVideoXPart('cogvideox10');
export const cogVideoX2bPart = cogVideoXPart('cogvideox2b');

function checkForm(form: string, model: CogVideoXTransformer, file: SafetensorsFile, context: ParityContext): void {
  const check = (name: string, ours: () => Tensor, tolerance = networkTolerance(context)) => {
    if (!file.tensors.has(name)) return;
    attempt(`${form}/${name}`, context.report, () =>
      context.report(compare(`${form}/${name}`, ours(), file.read(name), tolerance)),
    );
  };
  const [latents, text, timestep] = [file.read('latents'), file.read('text'), file.read('timestep')];

  check('sample', () => model.forward(latents, text, timestep));
  check('attention', () => {
    const maps: Tensor[] = [];
    try {
      model.forward(latents, text, timestep, { attend: capturing(maps) });
      return stack(maps, 1);
    } finally {
      for (const map of maps) map.dispose();
    }
  });
  if (!model.config.rotary) return;
  const rope = ropeTables(model.config, latents.size(1), latents.size(3), latents.size(4));
  check('rope_cos', () => rope.cos, OUTPUT);
  check('rope_sin', () => rope.sin, OUTPUT);
}

/** Attention that also rebuilds its map from q·k and the log-sum-exp, as the extraction of priors does. */
function capturing(maps: Tensor[]): Attend {
  return (q, k, v) => {
    const { out, lse_BHN } = attentionWithLse(q, k, v);
    const scores = q.to(lse_BHN.dtype).matmul(k.to(lse_BHN.dtype).transpose(-2, -1));
    maps.push(
      keep(
        scores
          .mul(q.size(-1) ** -0.5)
          .sub(lse_BHN.unsqueeze(-1))
          .exp(),
      ),
    );
    return out;
  };
}
