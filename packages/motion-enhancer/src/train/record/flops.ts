import { deviceInfo } from '@motion-enhancer/libtorch';
import { InternVL3 } from '@motion-enhancer/models';
import type { TrainableVlm } from '../loss/forward-sample.js';

/** Peak of dense 16-bit matrix products, FLOP/s. Source: NVIDIA's data sheets (H100 SXM, H200, A100, L40S). */
const PEAKS: readonly [pattern: RegExp, flops: number][] = [
  [/H100 PCIe/, 756e12],
  [/H100|H200|GH200/, 989.4e12],
  [/A100/, 312e12],
  [/L40S/, 362e12],
];

/** The device's peak; null where it is not known. */
export function peakFlops(device: string): number | null {
  if (!device.startsWith('cuda')) return null;
  const { name } = deviceInfo(Number(device.split(':')[1] ?? 0));
  return PEAKS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Sizes of a sample that its work depends on. */
export interface SampleSize {
  tokens: number;
  /** Tokens whose logits are wanted. */
  asked: number;
  /** Places of the vision tower: patches, or tiles times their patches. */
  patches: number;
}

/**
 * Work of one training step on a sample as papers count it: 3 × the forward pass (2 FLOP a weight and place, causal
 * attention of the decoder included, the tower's left out), whatever is computed again.
 */
export function flopsOf(model: TrainableVlm): (size: SampleSize) => number {
  const count = { vision: 0, merger: 0, llm: 0 };
  for (const [name, parameter] of model.parameters())
    if (!/embed_tokens|lm_head/.test(name)) count[model.groupOf(name)] += parameter.numel;
  const { hiddenSize: C, numHiddenLayers: layers, vocabSize, numAttentionHeads, headDim } = model.config.text;
  const merged = model instanceof InternVL3 ? model.config.shuffle ** 2 : model.config.vision.spatialMergeSize ** 2;
  return ({ tokens, asked, patches }) => {
    const products =
      count.llm * tokens + vocabSize * C * asked + count.vision * patches + (count.merger * patches) / merged;
    const attention = layers * numAttentionHeads * headDim * tokens ** 2; // q·k and p·v, half of the pairs
    return 6 * products + 6 * attention;
  };
}

/** Places of the vision tower that a sample's pixels make. */
export function patchesOf(model: TrainableVlm, pixels: { shape: readonly number[] }): number {
  if (!(model instanceof InternVL3)) return pixels.shape[0]!;
  const [n, , h, w] = pixels.shape as [number, number, number, number];
  return n * (h / model.config.vision.patchSize) * (w / model.config.vision.patchSize);
}
