import { noGrad, openSafetensors, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Qwen25VL, ropeIndex } from '@motion-enhancer/models';
import { compare, compareExact } from '../compare.js';
import type { ParityContext } from '../part.js';
import { type MropeCase, mropeSequences } from './mrope-sequences.js';
import { mediaInOrder } from './qwen2-5-vl-media.js';
import { REFERENCE_ROPE } from './reference-rope.js';
import { outputTolerance } from './vlm-checks.js';

/**
 * A padded batch of several images and videos: rotary ids of each sequence, and the logits of all at once, which the
 * reference has as 0 where its mask is.
 */
export function batchChecks(model: Qwen25VL, path: string, context: ParityContext): void {
  const file = openSafetensors(path);
  try {
    noGrad(() =>
      scope(() => {
        const list = <T>(name: string) => (file.tensors.has(name) ? (file.read(name).tolist() as T) : null);
        const ids = list<number[][]>('input_ids')!;
        const { merge, image, video } = {
          merge: model.config.vision.spatialMergeSize,
          image: model.config.imageTokenId,
          video: model.config.videoTokenId,
        };
        const sequences = mropeSequences(
          {
            input_ids: ids,
            attention_mask: list<number[][]>('attention_mask'),
            image_grid_thw: list<NonNullable<MropeCase['image_grid_thw']>>('image_grid_thw'),
            video_grid_thw: list<NonNullable<MropeCase['video_grid_thw']>>('video_grid_thw'),
            second_per_grid_ts: file.tensors.has('second_per_grid_ts')
              ? file.read('second_per_grid_ts').toArray()
              : null,
            position_ids: list<number[][][]>('position_ids')!,
          },
          { merge, image, video },
        );
        const ropes = sequences.map((one) => ropeIndex(one.ids, one.grids, one.seconds, model.config, REFERENCE_ROPE));
        context.report(
          compareExact(
            'qwen2_5_vl/batch/position_ids',
            ropes.flatMap(({ positions }) => positions.flat()),
            sequences.flatMap(({ positions }) => positions.flat()),
          ),
        );
        if (!file.tensors.has('logits')) return;
        const { patches, grids } = mediaInOrder(ids.flat(), model.config, file);
        const mask = file.tensors.has('attention_mask') ? file.read('attention_mask') : null;
        const { logits } = model.forward({
          ids,
          visual: model.encodeVisual(patches, grids),
          positions_3BN: file.read('position_ids'),
          attentionMask: mask?.to(context.device) ?? null,
        });
        const shown: Tensor = mask ? logits.mul(mask.to(logits.dtype, logits.device).unsqueeze(-1)) : logits;
        context.report(compare('qwen2_5_vl/batch/logits', shown, file.read('logits'), outputTolerance(context)));
      }),
    );
  } finally {
    file.close();
  }
}
