import { join } from 'node:path';
import { openSafetensors, scope } from '@motion-enhancer/libtorch';
import { loadQwen25VL } from '@motion-enhancer/models';
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
        const sample = {
          ids: file.read('input_ids').toArray(),
          labels: file.read('labels').toArray(),
          patches: file.read('pixel_values_videos').to(dtype, device),
          grids: [file.read('video_grid_thw').toArray() as [number, number, number]],
          positions_3BN: file.read('position_ids').to(device),
        };
        alignedStepChecks('alignment', model, sample, join(dir, 'step.json'), file, context);
      });
    } finally {
      file.close();
      model.dispose();
    }
  },
};
