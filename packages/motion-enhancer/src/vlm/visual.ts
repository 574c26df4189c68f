import { cat, keep, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';

/** What a vision tower gives the language model. */
export interface Visual {
  /** Embeddings of all visual tokens in order: [S, C]. */
  tokens: Tensor;
  /** Of families that add visual features within the decoder: one [S, C] a layer. */
  deepstack?: readonly Tensor[];
}

/** Visual tokens of several media, one after the other, in the caller's care. */
export function joinVisual(list: readonly Visual[]): Visual {
  const join = (pick: (visual: Visual) => Tensor) => cat(list.map(pick));
  const layers = list[0]!.deepstack;
  return keep(
    noGrad(() =>
      scope(() => ({
        tokens: join(({ tokens }) => tokens),
        ...(layers ? { deepstack: layers.map((_, layer) => join(({ deepstack }) => deepstack![layer]!)) } : {}),
      })),
    ),
  );
}

export function disposeVisual(visual: Visual | null | undefined): void {
  visual?.tokens.dispose();
  for (const tensor of visual?.deepstack ?? []) tensor.dispose();
}
