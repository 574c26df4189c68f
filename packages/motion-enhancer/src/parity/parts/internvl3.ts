import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { noGrad, openSafetensors, type SafetensorsFile, scope, type Tensor } from '@motion-enhancer/libtorch';
import { generateInternVL3, type InternVL3, loadInternVL3 } from '@motion-enhancer/models';
import { internVL3Model } from '../../vlm/families/internvl3/model.js';
import { attempt } from '../attempt.js';
import { compare } from '../compare.js';
import { besideReference, readJson } from '../golden-file.js';
import type { ParityContext, ParityPart } from '../part.js';
import { alignedStepChecks } from './aligned-step-checks.js';
import { internVL3FrameChecks } from './internvl3-frames.js';
import { decoderChecks, generationChecks, outputTolerance, sameParameters } from './vlm-checks.js';

/** transformers' names, and those of the original checkpoints. */
const FORMS = ['model', 'model-remote'] as const;

/** InternVL3 against what transformers computed with the same random weights, in both forms, an alignment step included. */
export const internVL3Part: ParityPart = {
  name: 'internvl3',
  needs: ['internvl3/model', 'internvl3/step.safetensors', 'internvl3/step.json'],
  run(root, context) {
    const dir = join(root, 'internvl3');
    const golden = besideReference(root, 'goldens/internvl_frames.json');
    if (golden) attempt('internvl3/frames', context.report, () => internVL3FrameChecks(golden, context));
    // Original checkpoints name the image token in their tokenizer only.
    const imageTokenId = readJson(join(dir, 'model/config.json')).image_token_id as number;
    const file = openSafetensors(join(dir, 'step.safetensors'));
    const models: InternVL3[] = [];
    try {
      for (const form of FORMS) {
        if (!existsSync(join(dir, form))) continue;
        attempt(`internvl3/${form}`, context.report, () => {
          const { device, dtype } = context;
          const model = loadInternVL3(join(dir, form), { device, dtype, trainable: true, imageTokenId });
          models.push(model);
          checkForm(`internvl3/${form}`, model, join(dir, 'step.json'), file, context);
        });
      }
      const [plain, remote] = models;
      if (plain && remote)
        sameParameters('internvl3/same_parameters', plain.parameters(), remote.parameters(), context);
    } finally {
      file.close();
      for (const model of models) {
        clearGradients(model);
        model.dispose();
      }
    }
  },
};

function checkForm(
  name: string,
  model: InternVL3,
  stepFile: string,
  file: SafetensorsFile,
  context: ParityContext,
): void {
  const { device, dtype } = context;
  const encode = (): Tensor => model.encodeVisual(file.read('pixel_values'));
  scope(() => {
    const visual = encode();
    if (file.tensors.has('visual_embeds')) {
      const reference = file.read('visual_embeds');
      context.report(
        compare(`${name}/visual_embeds`, visual.view(...reference.shape), reference, outputTolerance(context)),
      );
    }
    const ids = file.read('input_ids');
    decoderChecks(
      name,
      model.parameters(),
      (rows, onBlock) => model.forward({ ids, visual, rows, onBlock }),
      file,
      context,
    );
  });
  clearGradients(model);
  generationChecks(
    name,
    (prompt, o) => generateInternVL3(model, { ids: prompt, visual: noGrad(encode) }, { ...o, eosIds: [] }),
    file,
    context,
  );
  scope(() => {
    const pixels = file.read('pixel_values').to(dtype, device);
    const chat = {
      ids: file.read('input_ids').toArray(),
      labels: file.read('labels').toArray(),
      positions: null,
      inputs: [{ pixels, grid: [pixels.size(0), 1, 1] as const }],
    };
    alignedStepChecks(`${name}/step`, internVL3Model(model), { chat, stepFile, file }, context);
  });
}

function clearGradients(model: InternVL3): void {
  for (const parameter of model.parameters().values()) parameter.grad = null;
}
