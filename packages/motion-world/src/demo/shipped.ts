import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Checkpoints and results of the motion world that the project ships. */
const SHIPPED = fileURLToPath(new URL('../../../../models/world/', import.meta.url));

export interface Shipped {
  /** Folders of the mini VLM and the mini VDM; null where it is not there. */
  vlm: string | null;
  vdm: string | null;
  /** results.jsonl of `world ladder`. */
  ladder: string | null;
}

export function shipped(dir = SHIPPED): Shipped {
  const there = (name: string, mark: string) => (existsSync(join(dir, name, mark)) ? join(dir, name) : null);
  const ladder = join(dir, 'ladder.jsonl');
  return {
    vlm: there('vlm', 'config.json'),
    vdm: there('vdm', 'model_index.json'),
    ladder: existsSync(ladder) ? ladder : null,
  };
}
