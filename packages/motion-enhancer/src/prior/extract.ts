import { noGrad, scopeAsync, type Tensor } from '@motion-enhancer/libtorch';
import type { VideoFrames } from '../data/video/index.js';
import { capturedMaps } from './capture/captured-maps.js';
import type { HeadMaps } from './capture/head-maps.js';
import type { PriorConfig } from './config.js';
import { checkText } from './diffusion/check-text.js';
import { encodeClip } from './diffusion/encode-clip.js';
import type { EncodedText } from './diffusion/text-encoder.js';
import { invert } from './diffusion/trajectory.js';
import type { Latents, VideoDiffusion } from './diffusion/video-diffusion.js';
import type { TokenGrid } from './grid.js';
import { type Selection, select } from './selection/select.js';
import { tokensAsWords } from './selection/tokens.js';
import type { PriorCapture } from './store/prior.js';
import { stripOf } from './strip.js';

export type Stage = 'encode' | 'invert' | 'reconstruct' | 'select';
export type OnProgress = (stage: Stage, done: number, total: number) => void;

export interface Extraction extends Selection {
  /** How Σ A² was had. */
  capture: PriorCapture;
  /** With `keepStrip`: the inverted noise and the reconstruction as small pictures, uint8 [2, F, h, w, 3]. */
  strip_SFHWC: Tensor | null;
  /** Further selections that were asked for of the same pass, in order. */
  others: (Selection & { capture: PriorCapture })[];
  grid: TokenGrid;
  /** First and last pixel frame of each token frame, indices among the frames that the model saw. */
  pixelFrames: [number, number][];
}

export interface ExtractOptions {
  onProgress?: OnProgress;
  /** Further selections from the same diffusion pass: `config` with other values of SELECTION_FIELDS. */
  others?: readonly PriorConfig[];
  /** Of the same frames and options, where they were encoded before; they stay the caller's. */
  latents?: Latents;
  /** Called while the device has the reconstruction before it: a good time to queue work of the next clip. */
  between?: () => void;
}

/**
 * Frames and text to a prior (docs/method.md 1–3). Tensors of the result belong to the caller's care.
 * Between stages the event loop gets a turn, so that signals and timers are heard.
 */
export async function extract(
  vdm: VideoDiffusion,
  frames: VideoFrames,
  text: string,
  config: PriorConfig,
  { onProgress = () => {}, others = [], latents: given, between }: ExtractOptions = {},
): Promise<Extraction> {
  return scopeAsync(async (s) => {
    const inference = <T>(body: () => T): T => s.run(() => noGrad(body));
    onProgress('encode', 0, 1);
    const latents = given ?? inference(() => encodeClip(vdm, frames, config));
    const { x0 } = latents;
    await breath();
    const { told, empty } = inference(() => textsOf(vdm, text));
    const conditioning = { text: told.embedding, empty };
    const trajectory = inference(() =>
      invert(vdm, x0, empty, config.steps, (done, total) => onProgress('invert', done, total)),
    );
    await breath();
    between?.();
    const configs = [config, ...others];
    const { captured, outcome } = inference(() =>
      capturedMaps({ model: vdm, x0, trajectory, conditioning }, configs, {
        onStep: (done, total) => onProgress('reconstruct', done, total),
        textRows: [...new Set(told.words.flatMap((word) => word.tokens))].sort((a, b) => a - b),
      }),
    );
    await breath();
    const strip_SFHWC = outcome && inference(() => stripOf(vdm, outcome, latents.padded, config));
    onProgress('select', 0, 1);
    const asTokens = tokensAsWords(text, told.encoding, told.words);
    const [selection, ...rest] = inference(() =>
      configs.map((one, i) => {
        const { maps, chosen } = captured[i]!;
        return { ...select(maps, one.subWords ? asTokens : told.words, one), capture: withError(chosen, maps) };
      }),
    );
    const { grid } = captured[0]!.maps;
    return { ...selection!, others: rest, strip_SFHWC, grid, pixelFrames: vdm.pixelFrames(latents) };
  });
}

/** The text and "" as the model takes them. @throws UserError for a text without a word that the model knows */
function textsOf({ texts }: Pick<VideoDiffusion, 'texts'>, text: string): { told: EncodedText; empty: Tensor } {
  texts.encode([text, '']);
  const told = texts.get(text);
  checkText(text, texts.fit?.(text) ?? { words: told.words.length, cut: 0, unknown: 0, known: true });
  return { told, empty: texts.get('').embedding };
}

/** Adds how exact sampled denominators are. */
function withError(chosen: PriorCapture, { masked }: HeadMaps): PriorCapture {
  if (!masked?.error_H) return chosen;
  return { ...chosen, relativeError: masked.error_H.div(masked.outside_H).toArray() };
}

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
