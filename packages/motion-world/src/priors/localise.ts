// Do the priors find what moves? Answered with the masks that the generator keeps, which nothing else here looks at.

import type { HeadMaps } from '@motion-enhancer/core/internal/prior/capture/head-maps.js';
import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { changeOfHeads } from '@motion-enhancer/core/internal/prior/selection/change.js';
import { focusOfHeads } from '@motion-enhancer/core/internal/prior/selection/focus-of-heads.js';
import { headMetrics } from '@motion-enhancer/core/internal/prior/selection/heads.js';
import { wordRows } from '@motion-enhancer/core/internal/prior/selection/tokens.js';
import { scope } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { CaptionWord } from '../generate/index.js';
import { ARMS, addChange, type FixedHeads, mostChanging, selectArm } from './arms.js';
import type { BatchMaps, MapStream } from './batch-maps.js';
import { type BatchOptions, eachClip } from './each-batch.js';
import { Mean } from './mean.js';
import { auc, lift, moverShare, ON, perfectLift, spearman } from './where-moves.js';

export interface ArmFinding {
  /** Of words that name the mover, of words of its motion, of words of things that stay. */
  mover: Mean;
  motion: Mean;
  still: Mean;
  /** Share of the mover's and the motion's words whose map has its peak on the mover. */
  hit: Mean;
  /** AUC of MS, mover's and motion's words over those of things that stay, by clip. */
  ms: Mean;
}

export interface Findings {
  clips: number;
  /** What a uniform map has: lift 1 and this share of peaks. */
  uniformHit: Mean;
  perfect: Mean;
  arms: Map<string, ArmFinding>;
  /** Spearman's correlation of a score with the lift of the mover's words, over heads, by clip: `R-last layer-head focus` */
  scores: Map<string, Mean>;
  /** Mean lift of the mover's words of each (layer, head), by `${stream}-${steps}` */
  units: Map<string, Mean[]>;
  fixed: FixedHeads;
}

/** (layer, head) pairs of the `fixed` arms: those whose maps change most over some clips of `train`. */
export function chooseFixedHeads(vdm: VideoDiffusion, o: Omit<BatchOptions, 'split'>): FixedHeads {
  const sums = new Map<string, number[]>();
  eachClip(vdm, { ...o, split: 'train' }, (_clip, maps, place, words) => addChange(maps, place, words, sums));
  return mostChanging(sums);
}

export function localise(vdm: VideoDiffusion, fixed: FixedHeads, o: BatchOptions): Findings {
  const found: Findings = {
    clips: 0,
    uniformHit: new Mean(),
    perfect: new Mean(),
    arms: new Map(ARMS.map(({ name }) => [name, newFinding()])),
    scores: new Map(),
    units: new Map(),
    fixed,
  };
  eachClip(vdm, o, (clip, batch, place, words) => {
    if (clip.scene.mover === null) return;
    scope(() => {
      const maps = remembered(batch, place);
      const grid = maps.maps(place, 'x', 'last', 'head').grid;
      const share = moverShare(clip, grid.frames, grid.height);
      if (share.every((s) => s < ON)) return; // never seen well enough to be found
      found.clips++;
      found.uniformHit.add(share.filter((s) => s >= ON).length / share.length);
      found.perfect.add(perfectLift(share));
      const roles = rolesOf(clip.captionWords, words);
      for (const arm of ARMS) {
        const { rows_WFHW, words: named } = scope(() => selectArm(maps, place, arm, words, { fixedHeads: fixed }));
        addArm(found.arms.get(arm.name)!, rows_WFHW.reshape(words.length, -1).toFloat32Array(), named, roles, share);
      }
      for (const stream of ['x', 'R'] as const)
        for (const steps of ['all', 'last'] as const)
          addScores(found, { maps, place, words, roles, share }, stream, steps);
    });
  });
  return found;
}

/** Every kind of a clip's maps, made once; they live in the caller's scope. */
function remembered(batch: BatchMaps, clip: number): Pick<BatchMaps, 'maps'> {
  const made = new Map<string, HeadMaps>();
  for (const stream of ['x', 'R'] as const) {
    for (const steps of ['all', 'last'] as const) {
      for (const granularity of ['head', 'layer-head'] as const)
        made.set(`${stream} ${steps} ${granularity}`, batch.maps(clip, stream, steps, granularity));
    }
  }
  return { maps: (_clip, stream, steps, granularity) => made.get(`${stream} ${steps} ${granularity}`)! };
}

const newFinding = (): ArmFinding => ({
  mover: new Mean(),
  motion: new Mean(),
  still: new Mean(),
  hit: new Mean(),
  ms: new Mean(),
});

/** The role of each word of a prior; the world's words and the tokenizer's are the same ones. */
function rolesOf(caption: readonly CaptionWord[], words: readonly Word[]): CaptionWord['role'][] {
  return words.map(({ start, end }) => {
    const word = caption.find((one) => one.start === start && one.end === end);
    if (!word) throw new Error(`No word of the caption is at ${start}–${end}.`);
    return word.role;
  });
}

function addArm(
  finding: ArmFinding,
  rows: Float32Array,
  words: readonly { ms: number }[],
  roles: readonly CaptionWord['role'][],
  share: Float64Array,
): void {
  roles.forEach((role, w) => {
    if (role !== 'mover' && role !== 'motion' && role !== 'static') return;
    const one = lift(rows.subarray(w * share.length, (w + 1) * share.length), share);
    finding[role === 'static' ? 'still' : role].add(one.lift);
    if (role !== 'static') finding.hit.add(one.hit ? 1 : 0);
  });
  const ms = (...wanted: string[]) => words.flatMap(({ ms }, w) => (wanted.includes(roles[w]!) ? [ms] : []));
  const [moving, still] = [ms('mover', 'motion'), ms('static')];
  if (moving.length > 0 && still.length > 0) finding.ms.add(auc(moving, still));
}

/** A clip as the scores are compared with it. */
interface Seen {
  maps: Pick<BatchMaps, 'maps'>;
  place: number;
  words: readonly Word[];
  roles: readonly CaptionWord['role'][];
  share: Float64Array;
}

/** How well each label-free score orders heads, or (layer, head) pairs, by what they see of the mover. */
function addScores(found: Findings, seen: Seen, stream: MapStream, steps: 'all' | 'last'): void {
  for (const granularity of ['head', 'layer-head'] as const) {
    const { lifts, scores } = scope(() => {
      const maps = seen.maps.maps(seen.place, stream, steps, granularity);
      return { lifts: liftsOf(maps, seen), scores: scoresOf(maps, seen.words) };
    });
    for (const [name, values] of Object.entries(scores)) {
      const key = `${stream}-${steps} ${granularity} ${name}`;
      if (!found.scores.has(key)) found.scores.set(key, new Mean());
      found.scores.get(key)!.add(spearman(values, lifts));
    }
    if (granularity === 'layer-head') addHeadLifts(found, `${stream}-${steps}`, lifts);
  }
}

/** Mean lift of the mover's words, by head. */
function liftsOf(maps: HeadMaps, { words, roles, share }: Seen): number[] {
  const about = words.filter((_, w) => roles[w] === 'mover');
  const rows = wordRows(maps.textToVideo_HTS, about).toFloat32Array();
  return Array.from({ length: maps.textToVideo_HTS.size(0) }, (_, u) => {
    const mine = about.map((_, w) => {
      const at = (u * about.length + w) * share.length;
      return lift(rows.subarray(at, at + share.length), share).lift;
    });
    return mine.reduce((a, b) => a + b, 0) / mine.length;
  });
}

/** Every label-free score, by head. */
function scoresOf(maps: HeadMaps, words: readonly Word[]): Record<string, number[]> {
  const { dfc, tcs, dsr, score } = headMetrics(maps);
  return { dfc, tcs, dsr, mhs: score, focus: focusOfHeads(maps, words), change: changeOfHeads(maps, words) };
}

function addHeadLifts(found: Findings, key: string, lifts: readonly number[]): void {
  if (!found.units.has(key))
    found.units.set(
      key,
      lifts.map(() => new Mean()),
    );
  for (const [u, value] of lifts.entries()) found.units.get(key)![u]!.add(value);
}
