import { posix } from 'node:path';
import { HubError } from './hub-error.js';

/** Names of weight files, in the order in which a checkpoint folder is searched for them (see find-weights.ts). */
const STEMS = ['model', 'diffusion_pytorch_model'];

/** Paths that match one of the patterns, in which `*` stands for any characters but a slash. */
export function matchFiles(paths: readonly string[], patterns: readonly string[]): string[] {
  const tests = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(literally).join('[^/]*')}$`));
  return paths.filter((path) => tests.some((test) => test.test(path)));
}

/** The indexes of shards among `paths` that decide which weights are needed: those not beside a single weight file. */
export function neededIndexes(paths: readonly string[]): string[] {
  return [...byFolder(paths)].flatMap(([folder, names]) => {
    if (STEMS.some((stem) => names.has(`${stem}.safetensors`))) return [];
    const stem = STEMS.find((s) => names.has(`${s}.safetensors.index.json`));
    return stem === undefined ? [] : [posix.join(folder, `${stem}.safetensors.index.json`)];
  });
}

/**
 * Leaves out weights that a checkpoint folder would not be read from: variants beside the weights of the usual name,
 * and shards that the index does not name.
 * @param indexes the text of each of `neededIndexes(paths)`
 * @throws HubError `ERR_HUB_FILE` when an index names a shard that there is not
 */
export function neededFiles(paths: readonly string[], indexes: ReadonlyMap<string, string>): string[] {
  return [...byFolder(paths)].flatMap(([folder, names]) => {
    const all = [...names].map((name) => posix.join(folder, name));
    const single = STEMS.map((stem) => `${stem}.safetensors`).find((name) => names.has(name));
    const index = all.find((path) => indexes.has(path));
    if (single === undefined && index === undefined) return all;
    const wanted = index === undefined ? new Set([single!]) : shardNames(index, indexes.get(index)!);
    for (const shard of wanted) {
      if (!names.has(shard)) {
        throw new HubError(
          'ERR_HUB_FILE',
          `${index} names the shard ${shard}, which is not beside it. The checkpoint is incomplete: take another revision.`,
        );
      }
    }
    return all.filter((path) => !path.endsWith('.safetensors') || wanted.has(posix.basename(path)));
  });
}

/** The shards that an index of a checkpoint names. */
export function shardNames(path: string, text: string): Set<string> {
  let map: unknown;
  try {
    map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
  } catch {
    map = null;
  }
  if (typeof map !== 'object' || map === null)
    throw new HubError('ERR_HUB_FILE', `${path} is no index of shards. Take another revision of the checkpoint.`);
  return new Set(Object.values(map).map(String));
}

function byFolder(paths: readonly string[]): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const path of paths) {
    const folder = posix.dirname(path);
    if (!folders.has(folder)) folders.set(folder, new Set());
    folders.get(folder)!.add(posix.basename(path));
  }
  return folders;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
