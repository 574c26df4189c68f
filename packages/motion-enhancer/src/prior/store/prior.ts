import type { DType, Tensor } from '@motion-enhancer/libtorch';
import type { PriorConfig } from '../config.js';
import type { TextSource } from '../dataset/text-of-row.js';

/** A word of the diffusion model's text. */
export interface PriorWord {
  text: string;
  /** [start, end) in the text, UTF-16 units */
  start: number;
  end: number;
  /** Motion saliency, Eq 14 */
  ms: number;
  /** z-score of `ms` over the words */
  z: number;
  kept: boolean;
}

export interface PriorHead {
  /** With units of single layers: where the head is. Else its place in the list is its index. */
  layer?: number;
  head?: number;
  /** Whose maps these are, where a head has maps of both directions, or of the one from video to text. */
  direction?: 'text-to-video' | 'video-to-text';
  /** Absent where the statistics of MHS were not taken: in mode renoise with another selection. */
  dfc?: number;
  tcs?: number;
  dsr?: number;
  /** z(DFC) + z(TCS) + z(DSR) */
  score?: number;
  /** (since version 2) 1 − mean over words of the entropy of the normalised map, in units of that of a uniform one */
  focus?: number;
  /** How much the words' maps change from frame to frame, 0 to 1 */
  change?: number;
  /** Mean correlation of the words' maps between passes of other noise, 0 to 1; where heads are chosen by it */
  reliability?: number;
  /** Correlation of the words' mean map with the latents' difference of frames; where heads are chosen by it */
  difference?: number;
  /** 0 is the most motion-sensitive, or the most focused or changing where that was asked for */
  rank: number;
  kept: boolean;
}

export interface PriorCapture {
  /** `none`: Σ A² was not wanted. */
  squareSum: 'accumulate' | 'replay' | 'sampled' | 'none';
  /** Rebuilt by CUDA kernels, or plain operators. */
  fused: boolean;
  bytes: number;
  /** `sampled`: standard error of the denominator of Eq 11 relative to it, by head. */
  relativeError?: number[];
}

/** Everything of a prior that is not a tensor: JSON in the file's header. */
export interface PriorInfo {
  format: 1;
  /** The sample's name in its data set. */
  id: string;
  /** Hash of all that determines the prior. */
  key: string;
  text: string;
  /** What of a data set's row became the text; absent where the text was given as such. */
  textFrom?: TextSource;
  words: PriorWord[];
  heads: PriorHead[];
  /** Video tokens: F frames of H × W cells. */
  grid: { frames: number; height: number; width: number };
  /** What a cell covers in the resized video: pixels, and for each token frame the first and last of the model's frames and their times. */
  cell: { pixelHeight: number; pixelWidth: number; frames: [number, number][]; seconds: [number, number][] };
  video: {
    file: string;
    sha256: string;
    verdict: string;
    frames: number[];
    seconds: number[];
    /** Where it is a part of the file, in seconds. */
    start?: number;
    end?: number;
    /** Where it is a list of pictures: all of them; `file` is the first. */
    files?: readonly string[];
  };
  model: { vdm: string; sha256: string; weights: 'trained' | 'random'; dtype: DType; device: string };
  options: PriorConfig;
  /** Where several selections were taken from one pass: the name of this one. */
  selection?: string;
  /** How Σ A² was had in fact, and what the capture kept. */
  capture?: PriorCapture;
  code: string;
  /** The time of the file: what a prior says must not depend on when it was made. */
  createdAt: string;
}

/** A motion prior: text → video attention of every word, with what was selected of it. */
export interface Prior {
  info: PriorInfo;
  /** Mean over the kept heads, before any cut of words: [words, F, H, W], float32 */
  rows_WFHW: Tensor;
  /** Mean over all heads, for the ablation without head selection, where the options ask for it: same shape */
  allHeads_WFHW?: Tensor | null;
  /** Of every head, where the options ask for it: [heads, words, F, H, W] */
  heads_UWFHW?: Tensor | null;
  /** Where the options ask for it: the inverted noise and the reconstruction, decoded and made small, uint8 [2, F, h, w, 3] */
  strip_SFHWC?: Tensor | null;
}
