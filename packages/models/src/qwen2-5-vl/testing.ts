import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Qwen25VLConfig, readQwen25VLConfig } from './config.js';

/** Of the tests: a file below test/fixtures. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/${path}`, import.meta.url));
}

/** The published 3B model's numbers. */
export function realConfig(): Qwen25VLConfig {
  const { text, vision } = JSON.parse(readFileSync(fixture('model-sizes.json'), 'utf8'))['qwen-3b'];
  return readQwen25VLConfig(
    {
      model_type: 'qwen2_5_vl',
      ...text,
      max_position_embeddings: 128000,
      rope_theta: 1e6,
      rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
      vision_config: { ...vision, out_hidden_size: text.hidden_size, in_chans: 3, tokens_per_second: 2 },
    },
    'config.json',
  );
}

/** Runs `body` with an empty folder that is removed afterwards. */
export function inTemporaryFolder<T>(body: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'qwen25vl-'));
  try {
    return body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
