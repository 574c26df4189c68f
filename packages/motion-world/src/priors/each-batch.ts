import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { noGrad, Scope, setNumerics } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import { CLIP } from '../clips/clip-size.js';
import { describeClip, makeClip, type Split, type World, type WorldClip } from '../generate/index.js';
import { type BatchMaps, batchMaps } from './batch-maps.js';
import { clipInputs, type PassOptions } from './clip-inputs.js';

export interface BatchOptions extends PassOptions {
  /** Default `still-camera`. */
  world?: World;
  split: Split;
  /** Indices of the clips. */
  indices: readonly number[];
  batch: number;
  frames?: number;
  size?: number;
  onClip(done: number, total: number): void;
}

/** Runs the diffusion model over clips, batch by batch, and shows each clip's maps to `visit`, which runs without gradients. */
export function eachClip(
  vdm: VideoDiffusion,
  o: BatchOptions,
  visit: (clip: WorldClip, maps: BatchMaps, place: number, words: Word[]) => void,
): void {
  const { world = 'still-camera', frames = CLIP.frames, size = CLIP.size } = o;
  if (vdm.device !== 'cpu') setNumerics('tf32', true);
  // All texts at once: their encoder is loaded for it and goes again.
  vdm.texts.encode([...o.indices.map((index) => describeClip(o.split, index, { world }).caption), '']);
  for (let at = 0; at < o.indices.length; at += o.batch) {
    const clips = o.indices.slice(at, at + o.batch).map((index) => makeClip(o.split, index, { world, frames, size }));
    const scope = new Scope();
    try {
      scope.run(() => {
        const { input, words } = clipInputs(vdm, clips, o);
        const maps = batchMaps(vdm, input);
        try {
          clips.forEach((clip, place) => {
            noGrad(() => visit(clip, maps, place, words[place]!));
            o.onClip(at + place + 1, o.indices.length);
          });
        } finally {
          maps.dispose();
        }
      });
    } finally {
      scope.close();
    }
  }
}
