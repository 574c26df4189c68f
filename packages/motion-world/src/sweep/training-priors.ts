// The priors of an experiment's training clips: where the objects are, and those of files.

import type { Grid } from '@motion-enhancer/core/internal/align/index.js';
import { UserError } from '@motion-enhancer/support';
import type { PriorMaps } from '../align/maps-of-condition.js';
import { coverage } from '../align/mask-maps.js';
import type { World, WorldText } from '../generate/index.js';
import { type PriorFile, readPriorFile } from './prior-file.js';

export interface TrainingPriors {
  grid: Grid;
  /** @throws UserError where no file has it, or not of every training clip */
  maps(name: string): PriorMaps;
  /** What maps of this name were made of: the grid, and a hash of the files' settings; null for `none`. */
  made(name: string): string | null;
}

export interface TrainingClips {
  world: World;
  /** How many there are, from 0. */
  clips: number;
  /** Of the masks where there are no files. */
  grid: Grid;
  texts: readonly WorldText[];
  masks: Uint8Array;
}

/** @throws UserError for files that do not fit one another, or are of another world */
export function trainingPriors(
  paths: readonly string[],
  { world, clips, grid, texts, masks }: TrainingClips,
): TrainingPriors {
  const files = paths.map((path) => ({ path, ...readPriorFile(path) }));
  const common = files[0]?.grid ?? grid;
  for (const [i, file] of files.entries()) {
    if (file.world !== world)
      refuse(`Expected priors of the world ${world} but received those of ${file.world} in ${file.path}.`);
    checkFile(file, common, files.slice(0, i));
  }
  const gridText = `${common.frames}x${common.height}x${common.width}`;
  const partsOf = (name: string) => {
    const parts = files.filter(({ arms }) => arms.has(name));
    checkParts(name, parts, files, clips);
    return parts;
  };
  return {
    grid: common,
    maps(name) {
      if (name === 'masks') return maskPriors(texts, masks, common);
      const parts = partsOf(name);
      const at = (clip: number) => parts.find((part) => holds(part, clip))?.arms.get(name);
      return {
        map: (clip, word) => at(clip)?.map(clip, word) ?? null,
        kept: (clip, word) => at(clip)?.kept(clip, word) ?? false,
      };
    },
    made(name) {
      if (name === 'none') return null;
      const hashes = name === 'masks' ? [] : partsOf(name).map(({ made }) => made);
      return [gridText, ...[...new Set(hashes)].sort()].join(' ');
    },
  };
}

type NamedFile = PriorFile & { path: string };

const holds = ({ first, count }: PriorFile, clip: number) => clip >= first && clip < first + count;

const refuse = (message: string): never => {
  throw new UserError(message, { code: 'ERR_PRIOR' });
};

function checkFile(file: NamedFile, grid: Grid, before: readonly NamedFile[]): void {
  if (file.split !== 'train')
    refuse(`Expected priors of the split train but received those of ${file.split || 'none'} in ${file.path}.`);
  const sizes = ({ frames, height, width }: Grid) => `${frames} × ${height} × ${width}`;
  if (sizes(file.grid) !== sizes(grid))
    refuse(
      `Expected maps of ${sizes(grid)} cells, as the first file has, but received ${sizes(file.grid)} in ${file.path}.`,
    );
  for (const other of before) {
    const both = [...file.arms.keys()].filter((name) => other.arms.has(name));
    const apart = file.first >= other.first + other.count || other.first >= file.first + file.count;
    if (both.length > 0 && !apart)
      refuse(
        `Expected each prior of a clip once but received ${both.join(', ')} in ${other.path} and in ${file.path}. Make one of them with world priors --tag, which names its arms apart.`,
      );
  }
}

function checkParts(name: string, parts: readonly NamedFile[], files: readonly NamedFile[], clips: number): void {
  if (parts.length === 0) {
    const known = [...new Set(files.flatMap((file) => [...file.arms.keys()]))];
    refuse(
      `Expected a prior of the files (${known.join(', ') || 'none were given'}) for arm but received "${name}". Make it with world priors --arms, and give the file as --priors.`,
    );
  }
  const missing = Array.from({ length: clips }, (_, clip) => clip).find(
    (clip) => !parts.some((part) => holds(part, clip)),
  );
  if (missing !== undefined)
    refuse(
      `Expected the prior ${name} of all ${clips} training clips but received none of clip ${missing}. Take fewer --clips, or make more with world priors --count.`,
    );
}

/** Where the objects truly are; the camera is nowhere. */
function maskPriors(texts: readonly WorldText[], masks: Uint8Array, grid: Grid): PriorMaps {
  const known = new Map<string, Float32Array>();
  return {
    map(clip, captionWord) {
      const { captionWords, scene } = texts[clip]!;
      const { role, object } = captionWords[captionWord]!;
      const index = role === 'motion' ? scene.mover : (object ?? null);
      if (index === null) return null;
      const key = `${clip} ${index}`;
      const map = known.get(key) ?? coverage(masks, clip, index, grid);
      known.set(key, map);
      return map;
    },
    kept: () => true,
  };
}
