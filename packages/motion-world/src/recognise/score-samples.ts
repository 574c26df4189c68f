import type { CogVideoX } from '@motion-enhancer/core/internal/prior/diffusion/cogvideox/load-cogvideox.js';
import { expected } from '@motion-enhancer/support';
import { CLIP } from '../clips/clip-size.js';
import { makeClip, type Split } from '../generate/index.js';
import { reconstruction, sample } from '../vdm/samples.js';
import { type Scores, scoresOf, type Verdict, verdict } from './score.js';

export interface SampleScoreOptions {
  split: Split;
  /** Index of the first clip, and how many. */
  first: number;
  count: number;
  /** DDIM steps */
  sampleSteps: number;
  /** Of classifier-free guidance */
  guidance: number;
  /** Of the first sample's noise; the next ones have the next seeds. */
  seed: number;
  onStep?(sample: number, done: number, total: number): void;
}

/** What is recognised in the clips, in what the autoencoder keeps of them, and in samples of their captions. */
export const SOURCES = ['clips', 'copies', 'samples'] as const;
export type Source = (typeof SOURCES)[number];

export type SampleScores = Record<Source, { scores: Scores; verdicts: Verdict[] }>;

/**
 * Samples a video of the caption of each of some clips of a single object, and recognises what it shows. The same is
 * done with the clips, which says how good the recogniser is, and with the autoencoder's copies of them: no sample can
 * be more like a clip than its decoder allows.
 * @throws UserError ERR_VALUE: a model that is not of the world's form; clips past the last index
 */
export function scoreSamples(vdm: CogVideoX, o: SampleScoreOptions): SampleScores {
  const { size } = CLIP;
  const { temporalCompression } = vdm.vae.config;
  if (temporalCompression !== 1)
    throw expected(
      'a temporal_compression_ratio of 1',
      `vae/config.json of ${vdm.dir}`,
      temporalCompression,
      'Give a mini CogVideoX of the motion world, such as models/world/vdm.',
    );
  const verdicts: Record<Source, Verdict[]> = { clips: [], copies: [], samples: [] };
  for (let i = 0; i < o.count; i++) {
    const clip = makeClip(o.split, o.first + i, { form: 'single' });
    const video = sample(vdm, clip.caption, {
      ...{ steps: o.sampleSteps, guidance: o.guidance, seed: o.seed + i },
      onStep: (done, total) => o.onStep?.(i, done, total),
    });
    verdicts.clips.push(verdict(clip, clip.frames, size));
    verdicts.copies.push(verdict(clip, reconstruction(vdm, clip).frames, size));
    verdicts.samples.push(verdict(clip, video, size));
  }
  const scored = (source: Source) => ({ scores: scoresOf(verdicts[source]), verdicts: verdicts[source] });
  return { clips: scored('clips'), copies: scored('copies'), samples: scored('samples') };
}
