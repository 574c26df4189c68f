import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeRandomCogVideoX, writeRandomQwen25VL } from '@motion-enhancer/models';
import { makeFolder, UserError, writeText } from '@motion-enhancer/support';

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
  // The mark is written last: a folder without it was interrupted.
  if (!existsSync(join(vdm, 'tokenizer', 'COMPLETE'))) {
    if (!existsSync(join(vdm, 'RANDOM_WEIGHTS'))) {
      rmSync(vdm, { recursive: true, force: true });
      writeRandomCogVideoX(vdm, { seed: 0 });
    }
    copyFolder(join(tokenizers, 'cogvideox-t5'), join(vdm, 'tokenizer'));
    writeText(join(vdm, 'tokenizer', 'COMPLETE'), '');
  }
  if (!existsSync(join(vlm, 'RANDOM_WEIGHTS'))) {
    writeRandomQwen25VL(vlm, { seed: 0, dtype: 'float32', overwrite: true });
    copyFolder(join(tokenizers, 'qwen2'), vlm);
    writeText(
      join(vlm, 'RANDOM_WEIGHTS'),
      'The weights of this checkpoint are random numbers: what it computes means nothing.\n',
    );
  }
  return { vdm, vlm };
}

function copyFolder(from: string, to: string): void {
  makeFolder(to);
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
}
