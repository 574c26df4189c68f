import { join } from 'node:path';
import { openSafetensors, scope } from '@motion-enhancer/libtorch';
import { loadQwen25VL } from '@motion-enhancer/models';
import { qwen25VLModel } from '../../vlm/families/qwen2-5-vl/model.js';
import type { ParityPart } from '../part.js';
import { alignedStepChecks } from './aligned-step-checks.js';

/** One alignment step of Qwen2.5-VL (docs/method.md 5). */
export const alignmentPart: ParityPart = {
  name: 'alignment',
  needs: ['qwen2_5_vl/step.json', 'qwen2_5_vl/step.safetensors', 'qwen2_5_vl/model'],
  run(root, context) {
    const { device, dtype } = context;
    const dir = join(root, 'qwen2_5_vl');
    const file = openSafetensors(join(dir, 'step.safetensors'));
    // The hub form holds the same weights rounded to bfloat16: its gradients are not the reference's.
    const model = loadQwen25VL(join(dir, 'model'), { device, dtype, trainable: true });
    try {
      scope(() => {
        const pixels = file.read('pixel_values_videos').to(dtype, device);
        const grid = file.read('video_grid_thw').toArray() as [number, number, number];
        const chat = {
          ids: file.read('input_ids').toArray(),
          labels: file.read('labels').toArray(),
          positions: file.read('position_ids').to(device),
          inputs: [{ pixels, grid }],
        };
        alignedStepChecks('alignment', qwen25VLModel(model), { chat, stepFile: join(dir, 'step.json'), file }, context);
      });
    } finally {
      file.close();
      model.dispose();
    }
  },
};
