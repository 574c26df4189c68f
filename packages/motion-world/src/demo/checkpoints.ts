import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeRandomCogVideoX, writeRandomQwen25VL } from '@motion-enhancer/models';
import { makeFolder, removeLeftovers, UserError, writeText } from '@motion-enhancer/support';

/** Files that the project ships for its tests and its demo. */
export const ASSETS = fileURLToPath(new URL('../../../../test/fixtures/', import.meta.url));

export interface DemoCheckpoints {
  vdm: string;
  vlm: string;
}

/** Writes a small CogVideoX and a small Qwen2.5-VL with random weights and real tokenizers, unless they are there. */
export function demoCheckpoints(dir: string, assets = ASSETS): DemoCheckpoints {
  const tokenizers = join(assets, 'tokenizers');
  if (!existsSync(tokenizers))
    throw new UserError(
      `The demo needs the project’s ${tokenizers}, which is not there. Run it in a clone of the project.`,
      { code: 'ERR_DEMO' },
    );
  const vdm = join(dir, 'cogvideox-random');
  const vlm = join(dir, 'qwen2.5-vl-random');
  makeOnce(vdm, (fresh) => {
    writeRandomCogVideoX(fresh, { seed: 0 });
    copyFolder(join(tokenizers, 'cogvideox-t5'), join(fresh, 'tokenizer'));
  });
  makeOnce(vlm, (fresh) => {
    writeRandomQwen25VL(fresh, { seed: 0, dtype: 'float32' });
    copyFolder(join(tokenizers, 'qwen2'), fresh);
    writeText(
      join(fresh, 'RANDOM_WEIGHTS'),
      'The weights of this checkpoint are random numbers: what it computes means nothing.\n',
    );
  });
  return { vdm, vlm };
}

/** Makes a folder beside its place and renames it: where it is, it is whole. What else lies there is not ours. */
function makeOnce(dir: string, make: (fresh: string) => void): void {
  if (existsSync(join(dir, 'RANDOM_WEIGHTS'))) return;
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw new UserError(`The folder ${dir} is not one of the demo's. Move it away, or give another --out.`, {
      code: 'ERR_DEMO',
    });
  makeFolder(dirname(dir));
  removeLeftovers(dirname(dir));
  const fresh = join(dirname(dir), `.${basename(dir)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  make(fresh);
  renameSync(fresh, dir);
}

function copyFolder(from: string, to: string): void {
  makeFolder(to);
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
}
