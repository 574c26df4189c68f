import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { noGrad, scope } from '@motion-enhancer/libtorch';
import { type Checkpoint, openCheckpoint } from '@motion-enhancer/models';
import { expected, UserError } from '@motion-enhancer/support';
import { FOLDERS, type Parts } from './checkpoint.js';

/** Refuses to start from what the training itself writes: its next segment would start from something else. @throws UserError ERR_VALUE */
export function checkStart(from: string, out: string): void {
  const path = relative(real(out), real(from));
  if (path.split(/[\\/]/)[0] !== '..')
    throw expected(`a folder outside out (${out})`, 'from', from, 'The training writes there: give another --out.');
}

/** Without links, as far as it is there. */
const real = (dir: string) => (existsSync(dir) ? realpathSync(dir) : resolve(dir));

/**
 * Copies the weights of a pipeline folder into parts of the same sizes.
 * @throws UserError ERR_CHECKPOINT where a part is not there, or is of other sizes: nothing of it is copied then
 */
export function loadInto(dir: string, parts: Parts, which: readonly (keyof Parts)[]): void {
  for (const name of which) {
    const part = parts[name];
    const folder = join(dir, FOLDERS[name]);
    if (!existsSync(folder))
      throw new UserError(`Expected the folder ${folder} to start from. Check --from.`, { code: 'ERR_CHECKPOINT' });
    const checkpoint = openCheckpoint(folder);
    try {
      checkSizes(checkpoint, part);
      scope(() =>
        noGrad(() => {
          for (const [key, tensor] of part.tensors) tensor.copy_(checkpoint.read(key, { dtype: 'float32' }));
        }),
      );
      if (name === 'vae') part.config.scaling_factor = checkpoint.config.scaling_factor;
    } finally {
      checkpoint.close();
    }
  }
}

/** Sizes of weights, and those that no weight shows, such as the number of heads. */
function checkSizes(checkpoint: Checkpoint, { config, tensors }: Parts[keyof Parts]): void {
  const differs = (what: string, wanted: unknown, found: unknown) =>
    new UserError(
      `Expected ${wanted} for ${what} in ${checkpoint.dir} but received ${found}. The checkpoint is of other sizes: check --model and --from.`,
      { code: 'ERR_CHECKPOINT' },
    );
  for (const [name, value] of Object.entries(config)) {
    const found = checkpoint.config[name];
    if (name !== 'scaling_factor' && isSize(value) && String(found) !== String(value))
      throw differs(name, JSON.stringify(value), JSON.stringify(found) ?? 'nothing');
  }
  for (const [name, { shape }] of tensors) {
    const found = checkpoint.has(name) ? `[${checkpoint.info(name).shape}]` : 'nothing';
    if (found !== `[${shape}]`) throw differs(name, `[${shape}]`, found);
  }
}

const isSize = (value: unknown) => typeof value === 'number' || (Array.isArray(value) && value.every(Number.isFinite));
