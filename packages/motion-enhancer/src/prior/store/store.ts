import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf, openSafetensors, scope, type Tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { makeFolder, UserError } from '@motion-enhancer/support';
import { readAliases } from './aliases.js';
import type { Prior, PriorInfo } from './prior.js';

const TENSORS = ['rows', 'rows_scale'] as const;
/** Only where the options ask for them; of each pair both or none. */
const OPTIONAL = [['all_heads', 'all_heads_scale'], ['heads', 'heads_scale'], ['strip']] as const;
type StoredName = (typeof TENSORS)[number] | (typeof OPTIONAL)[number][number];

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
  write({ info, rows_WFHW, allHeads_WFHW, heads_UWFHW, strip_SFHWC }: Prior): void {
    scope(() => {
      const packed = (name: string, maps: Tensor | null | undefined): Record<string, Tensor> => {
        if (!maps) return {};
        checkFinite(maps, name, info);
        const { values, scale } = pack(maps);
        return { [name]: values, [`${name}_scale`]: scale };
      };
      const tensors = {
        ...packed('rows', rows_WFHW),
        ...packed('all_heads', allHeads_WFHW),
        ...packed('heads', heads_UWFHW?.flatten(0, 1)),
        ...(strip_SFHWC ? { strip: strip_SFHWC.cpu().contiguous() } : {}),
      };
      // Two extractions of the same prior are the same bytes, whenever they ran.
      const { createdAt, ...said } = info;
      const prior = JSON.stringify(said);
      writeSafetensors(this.path(info.key), tensors, { prior, sha256: digest(tensors, prior) });
      utimesSync(this.path(info.key), new Date(), new Date(createdAt));
    });
  }

  /**
   * What the priors say of themselves by sample: the newest of each, and those that a sample shares with another one
   * under its own name.
   */
  samples(): Map<string, PriorInfo> {
    const samples = new Map<string, PriorInfo>();
    for (const info of this.named()) {
      const other = samples.get(info.id);
      if (!other || other.createdAt < info.createdAt) samples.set(info.id, info);
    }
    return samples;
  }

  /** What all priors say of themselves, and those that a sample shares with another one under its own name as well. */
  named(): PriorInfo[] {
    const infos = this.keys().map((key) => this.info(key));
    const byKey = new Map(infos.map((info) => [info.key, info]));
    const shared = readAliases(this.dir).flatMap(({ id, key }) => {
      const info = byKey.get(key);
      return info ? [{ ...info, id }] : [];
    });
    return [...infos, ...shared];
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

  /** Whether the prior of a key has one of these tensors. */
  holds(key: string, names: readonly StoredName[]): boolean {
    const file = openSafetensors(this.path(key));
    try {
      return names.some((name) => file.tensors.has(name));
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
        const optional = OPTIONAL.filter(([name]) => file.tensors.has(name)).flat();
        const names: StoredName[] = [...TENSORS, ...optional];
        const missing = names.find((name) => !file.tensors.has(name));
        if (missing) throw damaged(path, `it has no tensor ${missing}`);
        const tensors: Partial<Record<StoredName, Tensor>> = Object.fromEntries(
          names.map((name) => [name, file.read(name)]),
        );
        const info = parseInfo(file.metadata.prior, path);
        if (digest(tensors, file.metadata.prior ?? '') !== file.metadata.sha256)
          throw damaged(path, 'its content does not match its hash');
        const maps = (name: 'rows' | 'all_heads' | 'heads'): Tensor | null =>
          tensors[name] ? unpack(tensors[name], tensors[`${name}_scale`]!) : null;
        return {
          info,
          rows_WFHW: maps('rows')!,
          allHeads_WFHW: maps('all_heads'),
          heads_UWFHW: maps('heads')?.unflatten(0, [info.heads.length, info.words.length]) ?? null,
          strip_SFHWC: tensors.strip ?? null,
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
function digest(tensors: Readonly<Partial<Record<string, Tensor>>>, prior: string): string {
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
    // The time of the file; priors of earlier versions have one of their own.
    if (info.format === 1) return { ...info, createdAt: info.createdAt ?? statSync(path).mtime.toISOString() };
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
