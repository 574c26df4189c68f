import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf, openSafetensors, scope, type Tensor, UserError, writeSafetensors } from '@motion-enhancer/libtorch';
import { makeFolder } from '../data/make-folder.js';
import type { Prior, PriorInfo } from './prior.js';

const TENSORS = ['rows', 'rows_scale', 'all_heads', 'all_heads_scale'] as const;
/** Only of extractions with `keepHeads`. */
const OF_HEADS = ['heads', 'heads_scale'] as const;

/** A folder of priors, one self-describing file a sample: `KEY.safetensors`. */
export class PriorStore {
  readonly dir: string;

  /** @throws UserError when the folder is absent and `create` is false, or cannot be made */
  constructor(dir: string, { create = true }: { create?: boolean } = {}) {
    this.dir = dir;
    if (create) makeFolder(dir);
    else if (!existsSync(dir))
      throw new UserError(`There is no folder of priors ${dir}. Make one with motion-enhancer extract.`, {
        code: 'ERR_PRIOR',
      });
  }

  path(key: string): string {
    return join(this.dir, `${key}.safetensors`);
  }

  keys(): string[] {
    return readdirSync(this.dir)
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => name.slice(0, -'.safetensors'.length))
      .sort();
  }

  /** True when the prior of this key exists and its content matches its hash. */
  verifies(key: string): boolean {
    if (!existsSync(this.path(key))) return false;
    try {
      scope(() => {
        this.read(key);
      });
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Writes a prior beside, syncs and renames it: a reader sees all of it or nothing.
   * @throws UserError for values that are not finite; where the disk refuses
   */
  write({ info, rows_WFHW, allHeads_WFHW, heads_UWFHW = null }: Prior): void {
    scope(() => {
      checkFinite(rows_WFHW, 'rows', info);
      checkFinite(allHeads_WFHW, 'all_heads', info);
      const rows = pack(rows_WFHW);
      const all = pack(allHeads_WFHW);
      if (heads_UWFHW) checkFinite(heads_UWFHW, 'heads', info);
      const heads = heads_UWFHW ? pack(heads_UWFHW.flatten(0, 1)) : null;
      const tensors = {
        rows: rows.values,
        rows_scale: rows.scale,
        all_heads: all.values,
        all_heads_scale: all.scale,
        ...(heads ? { heads: heads.values, heads_scale: heads.scale } : {}),
      };
      const prior = JSON.stringify(info);
      writeSafetensors(this.path(info.key), tensors, { prior, sha256: digest(tensors, prior) });
    });
  }

  /** What a prior says of itself, without its tensors. */
  info(key: string): PriorInfo {
    const file = openSafetensors(this.path(key));
    try {
      return parseInfo(file.metadata.prior, this.path(key));
    } finally {
      file.close();
    }
  }

  /**
   * The prior of a key; its tensors belong to the caller's scope.
   * @throws UserError when the file is absent, malformed, or does not match its own hash
   */
  read(key: string): Prior {
    const path = this.path(key);
    return scope(() => {
      const file = openSafetensors(path);
      try {
        const names = file.tensors.has('heads') ? [...TENSORS, ...OF_HEADS] : TENSORS;
        const missing = names.find((name) => !file.tensors.has(name));
        if (missing) throw damaged(path, `it has no tensor ${missing}`);
        const tensors = Object.fromEntries(names.map((name) => [name, file.read(name)])) as Record<
          (typeof TENSORS)[number],
          Tensor
        > &
          Partial<Record<(typeof OF_HEADS)[number], Tensor>>;
        const info = parseInfo(file.metadata.prior, path);
        if (digest(tensors, file.metadata.prior ?? '') !== file.metadata.sha256)
          throw damaged(path, 'its content does not match its hash');
        return {
          info,
          rows_WFHW: unpack(tensors.rows, tensors.rows_scale),
          allHeads_WFHW: unpack(tensors.all_heads, tensors.all_heads_scale),
          heads_UWFHW:
            tensors.heads && tensors.heads_scale
              ? unpack(tensors.heads, tensors.heads_scale).unflatten(0, [info.heads.length, info.words.length])
              : null,
        };
      } finally {
        file.close();
      }
    });
  }
}

/**
 * Attention entries are about 1e-4, where float16 has few digits left; divided by the maximum of their word
 * they keep 11 bits.
 */
function pack(rows: Tensor): { values: Tensor; scale: Tensor } {
  const scale = rows.amax([1, 2, 3], true).clamp(1e-30);
  return { values: rows.div(scale).to('float16').cpu().contiguous(), scale: scale.flatten().cpu().contiguous() };
}

function unpack(values: Tensor, scale: Tensor): Tensor {
  return values.to('float32').mul(scale.reshape(-1, 1, 1, 1));
}

/** A map with NaN in it trains nothing and hides where it came from. */
function checkFinite(rows: Tensor, name: string, info: PriorInfo): void {
  if (rows.isfinite().all().item() === 1) return;
  throw new UserError(
    `Expected finite attention for ${name} of the prior of ${info.id} but received NaN or infinity. Extract again with --dtype float32 or bfloat16; doctor tests the device.`,
    { code: 'ERR_PRIOR' },
  );
}

/** Over all that a prior says: its description, and name, dtype, shape and bytes of every tensor. */
function digest(tensors: Readonly<Record<string, Tensor>>, prior: string): string {
  const hash = createHash('sha256').update(prior);
  for (const name of Object.keys(tensors).sort()) {
    const values = tensors[name]!.contiguous();
    hash.update(`\n${name} ${values.dtype} ${values.shape.join()}\n`).update(bytesOf(values));
  }
  return hash.digest('hex');
}

function parseInfo(text: string | undefined, path: string): PriorInfo {
  try {
    const info = JSON.parse(text ?? '') as PriorInfo;
    if (info.format === 1) return info;
  } catch {
    // said below
  }
  throw damaged(path, 'it does not describe a prior of format 1');
}

function damaged(path: string, why: string): UserError {
  return new UserError(`${path} is not a usable prior: ${why}. Delete it and run extract again.`, {
    code: 'ERR_PRIOR',
  });
}
