import { createHash } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { jsonSum, makeFolder, sha256File } from '@motion-enhancer/support';
import { fromAttention } from '../check-options.js';
import type { PriorConfig } from '../config.js';

/** What of a run, besides the software, determines a prior. */
export interface KeyParts {
  model: string;
  video: string;
  text: string;
  options: PriorConfig;
  dtype: string;
}

/**
 * What of the options changes the numbers: how exact sums are had does not, and settings that others switch off do not,
 * so that priors of earlier versions keep their keys.
 */
function keyOptions(o: PriorConfig): Partial<PriorConfig> {
  const {
    squareSum,
    sampleRows,
    mask,
    maskWidth,
    maskShare,
    maskSelf,
    unit,
    selection,
    headCount,
    keepHeads,
    keepAllHeads,
    keepStrip,
    subWords,
    vaeMemory,
    mode,
    levels,
    draws,
    direction,
    spread,
    spreadLayer,
    headRatio,
    wordRatio,
    steps,
    guidance,
    init,
    stream,
    half,
    keys,
    stepsUsed,
    ...rest
  } = o;
  // Without attention there are no heads, and all words have the same map.
  if (!fromAttention(o)) return { ...rest, mode, ...(vaeMemory > 0 ? { vaeMemory } : {}) };
  return {
    ...rest,
    headRatio,
    wordRatio,
    ...(mode === 'invert' ? { steps, guidance, init, stream, half, keys, stepsUsed } : { mode, levels, draws }),
    ...(direction === 'text-to-video' ? {} : { direction }),
    ...(spread > 0 ? { spread, spreadLayer } : {}),
    ...(squareSum === 'sampled' ? { squareSum, sampleRows } : {}),
    ...(mask === 'half-width' ? { mask, maskWidth } : mask === 'share' ? { mask, maskShare } : {}),
    ...(maskSelf ? {} : { maskSelf }),
    ...(unit === 'head' ? {} : { unit }),
    ...(selection === 'mhs' ? {} : { selection }),
    ...(headCount === 0 ? {} : { headCount }),
    ...(keepHeads ? { keepHeads } : {}),
    ...(keepAllHeads ? { keepAllHeads } : {}),
    ...(keepStrip ? { keepStrip } : {}),
    ...(vaeMemory > 0 ? { vaeMemory } : {}),
    ...(subWords ? { subWords } : {}),
  };
}

/** 24 hex digits, the same for the same inputs. */
export function priorKey(parts: KeyParts): string {
  const options = Object.fromEntries(Object.entries(keyOptions(parts.options)).sort());
  return createHash('sha256')
    .update(JSON.stringify([1, parts.model, parts.video, parts.text, parts.dtype, options]))
    .digest('hex')
    .slice(0, 24);
}

/**
 * Hash over a model's weight files. Checkpoints are tens of gigabytes, so hashes are remembered by path, size and time
 * of change in `${XDG_CACHE_HOME:-~/.cache}/motion-enhancer/hashes.json`.
 */
export async function weightsHash(files: readonly string[]): Promise<string> {
  const cachePath = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'motion-enhancer', 'hashes.json');
  const cache = readCache(cachePath);
  const hash = createHash('sha256');
  let changed = false;
  for (const file of [...files].sort()) {
    const { size, mtimeMs } = statSync(file);
    const id = `${resolve(file)}:${size}:${mtimeMs}`;
    if (!cache[id]) {
      cache[id] = await sha256File(file);
      changed = true;
    }
    hash.update(cache[id]);
  }
  if (changed) writeCache(cachePath, cache);
  return hash.digest('hex');
}

/** A cache that is damaged, or has no sum (of an earlier version), counts as empty. */
function readCache(path: string): Record<string, string> {
  try {
    const { crc32c, ...cache } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    return crc32c === jsonSum(cache) ? cache : {};
  } catch {
    return {};
  }
}

function writeCache(path: string, cache: Record<string, string>): void {
  try {
    makeFolder(dirname(path));
    const beside = `${path}.${process.pid}`;
    writeFileSync(beside, JSON.stringify({ ...cache, crc32c: jsonSum(cache) }));
    renameSync(beside, path);
  } catch {
    // A cache that cannot be written only costs time.
  }
}
