// What an arm of the experiment pulls a word's attention toward.
import { randomSource } from '../../train/order.js';
import type { AlignedWord } from './aligned-words.js';

/** Maps of one kind of prior: by clip and caption word. */
export interface PriorMaps {
  /** [cells], or null where there is none (the camera has no mask, say). */
  map(clip: number, captionWord: number): Float32Array | null;
  /** Whether MTTI keeps the word; all are kept where nothing was selected. */
  kept(clip: number, captionWord: number): boolean;
}

export interface ArmMaps {
  /** Priors of this clip, or (the control) of a word of the same role in another clip. */
  of: 'own' | 'other';
  /** All words, or those that MTTI kept. */
  words: 'all' | 'kept';
  /** Rows of a reply's words: the words themselves, or the places that predict them. */
  rows: 'token' | 'predict';
  /** As they are, or every row scaled to this sum. */
  scale: 'raw' | number;
}

/** A sample's words with their clip. */
export interface ClipWords {
  clip: number;
  words: readonly AlignedWord[];
}

/** The target of every word of every sample of an arm: [cells], or null for a word that it leaves out. */
export function armMaps(
  samples: readonly ClipWords[],
  prior: PriorMaps,
  arm: ArmMaps,
  seed = 0,
): (Float32Array | null)[][] {
  const own = samples.map(({ clip, words }) => words.map((word) => meanMap(prior, clip, word)));
  const random = randomSource(seed);
  const pools = new Map<string, { sample: number; map: Float32Array }[]>();
  if (arm.of === 'other')
    samples.forEach(({ words }, s) => {
      words.forEach(({ role }, w) => {
        const map = own[s]![w];
        if (!map) return;
        const pool = pools.get(role) ?? [];
        pool.push({ sample: s, map });
        pools.set(role, pool);
      });
    });
  return samples.map(({ clip, words }, s) =>
    words.map((word, w) => {
      const map = own[s]![w];
      if (!map || (word.rows !== 'both' && word.rows !== arm.rows)) return null;
      if (arm.words === 'kept' && !word.captionWords.some((i) => prior.kept(clip, i))) return null;
      return scaled(arm.of === 'own' ? map : another(pools.get(word.role)!, s, random), arm.scale);
    }),
  );
}

/** A map of another sample. */
function another(pool: { sample: number; map: Float32Array }[], sample: number, random: () => number): Float32Array {
  for (let tries = 0; tries < 100; tries++) {
    const drawn = pool[Math.floor(random() * pool.length)]!;
    if (drawn.sample !== sample) return drawn.map;
  }
  return pool[0]!.map;
}

function meanMap(prior: PriorMaps, clip: number, { captionWords }: AlignedWord): Float32Array | null {
  const maps = captionWords.flatMap((i) => prior.map(clip, i) ?? []);
  if (maps.length === 0) return null;
  return maps[0]!.map((_, cell) => maps.reduce((sum, map) => sum + map[cell]!, 0) / maps.length);
}

function scaled(map: Float32Array, scale: ArmMaps['scale']): Float32Array {
  if (scale === 'raw') return map;
  const sum = map.reduce((total, value) => total + value, 0);
  return sum > 0 ? map.map((value) => (value * scale) / sum) : map;
}
