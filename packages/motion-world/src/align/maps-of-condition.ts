// What a condition of the experiment pulls a word's attention toward.
import { type Grid, scaleMap } from '@motion-enhancer/core/internal/align/index.js';
import { randomSource, trainingOrder } from '@motion-enhancer/core/internal/train/data/order.js';
import type { AlignedWord } from './aligned-words.js';
import { changeMap, evenness, type MapChanges } from './change-map.js';

/** Maps of one kind of prior: by clip and caption word. */
export interface PriorMaps {
  /** [cells], or null where there is none (the camera has no mask, say). */
  map(clip: number, captionWord: number): Float32Array | null;
  /** Whether MTTI keeps the word; all are kept where nothing was selected. */
  kept(clip: number, captionWord: number): boolean;
}

/** Settings in the order in which they act; `docs/world-vlm.md` has them by name. */
export interface MapSettings extends MapChanges {
  /** Every word takes the mover's map, that is the mean over the caption's words that name it. */
  mover: boolean;
  /** All words, or those that MTTI kept. */
  words: 'all' | 'kept';
  /** Roles of the words that are aligned, with + between; '': all. */
  only: string;
  /** Rows of a reply's words: the words themselves, or the places that predict them. */
  rows: 'token' | 'predict';
  /** Share of the samples that are aligned: those whose own maps are most focused. */
  gate: number;
  /** Priors of this clip, or (the control) of a word of the same role in another clip. */
  of: 'own' | 'other';
  /** Share of the clips whose words take maps as the control does. */
  wrong: number;
}

export interface ConditionMaps extends MapSettings {
  /** As they are, or every row scaled to this sum. */
  scale: 'raw' | number;
}

/** A sample's words with their clip. */
export interface ClipWords {
  clip: number;
  words: readonly AlignedWord[];
  /** The words of the clip's caption that name the mover. */
  mover: readonly number[];
}

type Row<T> = (T | null)[];

/** Clips with wrong maps are drawn apart from which maps they get. */
const WRONG_SEED = 104_729;

/** The target of every word of every sample of a condition: [cells], or null for a word that it leaves out. */
export function conditionMaps(
  samples: readonly ClipWords[],
  prior: PriorMaps,
  condition: ConditionMaps,
  grid: Grid,
  seed = 0,
): Row<Float32Array>[] {
  const all = samples.map(({ clip, words, mover }) =>
    words.map((word) => meanMap(prior, clip, condition.mover ? mover : word.captionWords)),
  );
  const roles = condition.only === '' ? null : new Set(condition.only.split('+'));
  const own = all.map((maps, s) => {
    const { clip, words } = samples[s]!;
    return maps.map((map, w) => {
      const { rows, role, captionWords } = words[w]!;
      const aligned =
        (rows === 'both' || rows === condition.rows) &&
        (roles === null || roles.has(role)) &&
        (condition.words === 'all' || captionWords.some((i) => prior.kept(clip, i)));
      return aligned ? map : null;
    });
  });
  const focused = condition.gate < 1 ? mostFocused(own, condition.gate) : null;
  const wrong = wrongClips(samples, condition, seed);
  const others = wrong.size > 0 ? mapsByRole(samples, all) : null;
  const random = randomSource(seed);
  return own.map((maps, s) => {
    const { clip, words } = samples[s]!;
    return maps.map((map, w) => {
      if (!map || (focused && !focused.has(s))) return null;
      const source = wrong.has(clip) ? another(others!.get(words[w]!.role)!, clip, random) : map;
      const changed = changeMap(source, condition, grid);
      return condition.scale === 'raw' ? changed : scaleMap(changed, condition.scale);
    });
  });
}

function meanMap(prior: PriorMaps, clip: number, captionWords: readonly number[]): Float32Array | null {
  const maps = captionWords.flatMap((i) => prior.map(clip, i) ?? []);
  if (maps.length === 0) return null;
  return maps[0]!.map((_, cell) => maps.reduce((sum, map) => sum + map[cell]!, 0) / maps.length);
}

/** Of the samples with maps, the share whose maps have the lowest entropy in the mean over words; no label is looked at. */
function mostFocused(own: readonly Row<Float32Array>[], share: number): Set<number> {
  const samples = own.flatMap((maps, sample) => {
    const spread = maps.flatMap((map) => (map ? evenness(map) : []));
    return spread.length > 0 ? [{ sample, spread: spread.reduce((a, b) => a + b, 0) / spread.length }] : [];
  });
  samples.sort((a, b) => a.spread - b.spread);
  return new Set(samples.slice(0, Math.round(share * samples.length)).map(({ sample }) => sample));
}

/** Clips whose words take other clips' maps. */
function wrongClips(samples: readonly ClipWords[], { of, wrong }: ConditionMaps, seed: number): Set<number> {
  const clips = [...new Set(samples.map(({ clip }) => clip))];
  if (of === 'other') return new Set(clips);
  const order = trainingOrder(clips.length, clips.length, seed + WRONG_SEED);
  return new Set(order.slice(0, Math.round(wrong * clips.length)).map((i) => clips[i]!));
}

type Pool = { clip: number; map: Float32Array }[];

function mapsByRole(samples: readonly ClipWords[], all: readonly Row<Float32Array>[]): Map<string, Pool> {
  const pools = new Map<string, Pool>();
  samples.forEach(({ clip, words }, s) => {
    words.forEach(({ role }, w) => {
      const map = all[s]![w];
      if (!map) return;
      const pool = pools.get(role) ?? [];
      pool.push({ clip, map });
      pools.set(role, pool);
    });
  });
  return pools;
}

/** A map of another clip; its own where a hundred draws find no other. */
function another(pool: Pool, clip: number, random: () => number): Float32Array {
  for (let tries = 0; tries < 100; tries++) {
    const drawn = pool[Math.floor(random() * pool.length)]!;
    if (drawn.clip !== clip) return drawn.map;
  }
  return pool[0]!.map;
}
