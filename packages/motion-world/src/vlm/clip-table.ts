import { fromTypedArray, keep, noGrad, scope, type Tensor, tensor, zeros } from '@motion-enhancer/libtorch';
import { IMAGE_MEAN, IMAGE_STD, type Qwen25VLVisionConfig } from '@motion-enhancer/models';
import { CLIP } from '../clips/clip-size.js';

/** Clips on the device, cut into the vision tower's patches, as bytes. Free it with `dispose()`. */
export class ClipTable {
  /** uint8 [clips, patches, 3 · 2 · p · p] */
  readonly patches: Tensor;
  readonly #scale: Tensor;
  readonly #shift: Tensor;

  readonly #vision: Qwen25VLVisionConfig;

  constructor(count: number, vision: Qwen25VLVisionConfig, device: string) {
    const { patchSize: p, temporalPatchSize: t } = vision;
    const patches = (CLIP.frames / t) * (CLIP.size / p) ** 2;
    const made = (make: () => Tensor) => noGrad(() => keep(scope(make)));
    const channels = (values: readonly number[]) =>
      made(() =>
        tensor([...values])
          .unsqueeze(1)
          .expand(3, t * p * p)
          .reshape(-1)
          .to(device),
      );
    this.#vision = vision;
    this.patches = made(() => zeros([count, patches, 3 * t * p * p], { dtype: 'uint8', device }));
    this.#scale = channels(IMAGE_STD.map((std) => 1 / (255 * std)));
    this.#shift = channels(IMAGE_MEAN.map((mean, c) => -mean / IMAGE_STD[c]!));
  }

  get count(): number {
    return this.patches.size(0);
  }

  /** Frames [n, 16, 64, 64, 3] of clips `at`, `at` + 1, … */
  put(at: number, frames: Uint8Array): void {
    noGrad(() =>
      scope(() => {
        const n = frames.length / (CLIP.frames * CLIP.size ** 2 * 3);
        const { patchSize: p, temporalPatchSize: t, spatialMergeSize: m } = this.#vision;
        const side = CLIP.size / (m * p);
        // As `patchify` orders them: (t, h/m, w/m, m, m), and within one (channel, frame, y, x).
        const cut = fromTypedArray(frames, [n, CLIP.frames / t, t, side, m, p, side, m, p, 3])
          .to(this.patches.device)
          .permute(0, 1, 3, 6, 4, 7, 9, 2, 5, 8)
          .reshape(n, -1, this.patches.size(2));
        this.patches.narrow(0, at, n).copy_(cut);
      }),
    );
  }

  /** Normalised patches of clips: index [M] → [M, patches, 3 · 2 · p · p] */
  read(index_M: Tensor, dtype: 'float32' | 'bfloat16'): Tensor {
    return scope(() => {
      const bytes = this.patches.indexSelect(0, index_M).to(dtype);
      return bytes.mul(this.#scale.to(dtype)).add(this.#shift.to(dtype));
    });
  }

  dispose(): void {
    for (const t of [this.patches, this.#scale, this.#shift]) t.dispose();
  }
}
